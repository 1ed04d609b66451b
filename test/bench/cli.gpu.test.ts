// The command on adapters of each kind: what it says of them, and what it does where there is none.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageferry, reportIn, said } from '../support/command.ts';

const PATIENCE_MS = 240_000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pageferry-cli-gpu-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('pageferry', { timeout: PATIENCE_MS }, () => {
  it('says in its first line and in the report that a software adapter is one', async () => {
    const { status, out } = await pageferry(folder, [
      'run',
      'fault.roundtrip.1',
      '--quick',
      '--adapter',
      'software',
      '--json',
      'software.json',
    ]);
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^adapter: .* — SOFTWARE: a CPU emulated the GPU/);
    const report = reportIn(folder, 'software.json');
    expect(report).toMatchObject({ run: { executor: 'gpu' }, environment: { adapter: { software: true } } });
    expect(report.warnings.map(({ code }) => code)).toContain('software-adapter');
    expect(report.tuning?.source).toBe('tuned');
    expect(out).toMatch(/^copy shapes .*: up .*, down .*, within .*; chosen before this run$/m);
  });

  it('takes hardware or says by exit 3 that there is none', async () => {
    const { status, out, err } = await pageferry(folder, [
      'run',
      'fault.roundtrip.1',
      '--quick',
      '--adapter',
      'hardware',
      '--json',
      'hardware.json',
    ]);
    if (status === 0) return expect(reportIn(folder, 'hardware.json').environment.adapter.software).toBe(false);
    expect(status).toBe(3);
    expect(out).toBe('');
    return expect(said(err)).toEqual([
      expect.stringMatching(/^pageferry: --adapter is "hardware", but: .*Others: software, twin$/),
    ]);
  });

  it('finds an adapter by itself, and says why it is not hardware', async () => {
    const { status } = await pageferry(folder, ['run', 'fault.roundtrip.1', '--quick', '--json', 'auto.json']);
    expect(status).toBe(0);
    const { adapter, fallback } = reportIn(folder, 'auto.json').environment;
    expect(adapter.kind).toBe('gpu');
    expect(fallback).toBe(adapter.software ? 'no hardware adapter was found' : null);
  });
});
