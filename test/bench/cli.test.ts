// The command as its users start it: exit statuses, where output goes, and the report that is left behind.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageferry, reportIn, said } from '../support/command.ts';

const CAPTURE = join(import.meta.dirname, '../fixtures/sort-paths.lackey.gz');
/** The first of these tests bundles the command; machines that build are slow. */
const PATIENCE_MS = 240_000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pageferry-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('pageferry', { timeout: PATIENCE_MS }, () => {
  it('list prints ids with one line about each', async () => {
    const { status, out } = await pageferry(folder, ['list']);
    expect(status).toBe(0);
    expect(out).toMatch(/^copy\.up\.4K\.physical {2,}\S/m);
  });

  it('help prints the flags', async () => {
    expect(await pageferry(folder, ['help'])).toMatchObject({
      status: 0,
      out: expect.stringContaining('--timeslice') as string,
    });
  });

  it.each([
    [['flay'], 'pageferry: verb is "flay", allowed: list, run, replay, compare, alternate, export, help'],
    [['replay', 'no-such-file'], 'pageferry: FILE is "no-such-file", allowed: a file that can be read (ENOENT)'],
    [['replay', '.'], 'pageferry: FILE is ".", allowed: a file that can be read (EISDIR)'],
    [
      ['run', '--json', 'no/such/folder.json', '--adapter', 'twin'],
      'pageferry: --json is "no/such/folder.json", allowed: a file in a folder that exists and can be written',
    ],
    [['replay', CAPTURE, '--vram', '4095'], /--vram is "4095", allowed: a multiple of 4096 bytes/],
    [['replay', CAPTURE, '--vram', '900G', '--adapter', 'twin'], /--vram is .*900G.*, allowed: at most/],
    [
      ['replay', CAPTURE, '--system-pages', 'host', '--adapter', 'twin'],
      /--system-pages is "host", allowed: "device" while/,
    ],
    [
      ['replay', CAPTURE, '--segment', '3M', '--adapter', 'twin'],
      /--segment is .*3 MiB.*, allowed: a power of two from/,
    ],
  ])('%j ends with 2 and one line', async (args, message) => {
    const { status, out, err } = await pageferry(folder, args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(said(err)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
    expect(readdirSync(folder).filter((name) => name.startsWith('pageferry-report'))).toEqual([]);
  });

  it('refuses captures that are none, or cut off, by line', async () => {
    writeFileSync(join(folder, 'prose.txt'), 'It was a dark night.\nRain fell.\n');
    writeFileSync(join(folder, 'cut.gz'), readFileSync(CAPTURE).subarray(0, 5000));
    const prose = await pageferry(folder, ['replay', 'prose.txt', '--adapter', 'twin']);
    expect(prose.status).toBe(2);
    expect(said(prose.err)).toEqual([expect.stringMatching(/prose\.txt: line 1: .*known formats: valgrind-lackey/)]);
    const cut = await pageferry(folder, ['replay', 'cut.gz', '--adapter', 'twin']);
    expect(cut.status).toBe(2);
    expect(said(cut.err)).toEqual([expect.stringMatching(/cut\.gz: .*cut off/)]);
  });

  it('run on the twin says in its first line that nothing ran on a GPU, and leaves a report', async () => {
    const { status, out } = await pageferry(folder, [
      'run',
      'copy.up.2M.physical',
      '--quick',
      '--samples',
      '5',
      '--adapter',
      'twin',
      '--seed',
      '9',
      '--json',
      'run.json',
    ]);
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toBe('adapter: CPU twin (no GPU) — nothing ran on a GPU');
    const report = reportIn(folder, 'run.json');
    expect(report).toMatchObject({
      partial: false,
      scenario: { seed: 9, quick: true },
      run: { kind: 'bench', executor: 'twin', systemPages: 'device' },
    });
    expect(report.metrics.map(({ n, source }) => [n, source])).toEqual(report.metrics.map(() => [5, 'wall']));
    const chosen = report.metrics.filter(({ params }) => params['added'] !== true);
    expect(chosen.map(({ id, peerRatio, limitRatio }) => [id, peerRatio?.pairs, limitRatio?.pairs])).toEqual([
      ['copy.up.2M.physical', 5, 5],
    ]);
    expect(report.scenario['cases']).toEqual(['copy.up.2M.physical']);
    expect(report.verification).toMatchObject({ mismatchedPages: 0 });
    expect(report.verification?.pagesChecked).toBeGreaterThan(0);
    expect(report.warnings.map(({ code }) => code)).toContain('nothing-on-gpu');
  });

  it('replay moves the pages of a real program and finds every byte equal', async () => {
    const { status, out } = await pageferry(folder, [
      'replay',
      CAPTURE,
      '--vram',
      '50%',
      '--adapter',
      'twin',
      '--json',
      'replay.json',
    ]);
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toContain('nothing ran on a GPU');
    const report = reportIn(folder, 'replay.json');
    expect(report.verification?.mismatchedPages).toBe(0);
    expect(report.counters['svm_device_copy_kb']).toBeGreaterThan(0);
    expect(report.counters['svm_cpu_copy_kb']).toBeGreaterThan(0);
    expect(report.eventHash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('without --json writes its report here', async () => {
    const { status, err } = await pageferry(folder, ['run', 'fault.roundtrip.1', '--quick', '--adapter', 'twin']);
    expect(status).toBe(0);
    const [name] = readdirSync(folder).filter((file) => /^pageferry-report-[\dT-]+\.json$/.test(file));
    expect(err).toContain(`report: ${join(folder, name ?? '?')}`);
    rmSync(join(folder, name ?? '?'));
  });

  it.skipIf(process.platform === 'win32')('stopped by Ctrl-C ends with 130 and a partial report', async () => {
    const { status } = await pageferry(
      folder,
      ['run', '--samples', '10000', '--adapter', 'twin', '--json', 'stopped.json'],
      /measuring on/,
    );
    expect(status).toBe(130);
    const report = reportIn(folder, 'stopped.json');
    expect(report.partial).toBe(true);
    expect(report.warnings.map(({ code }) => code)).toContain('partial');
  });

  it('replay with pages in host memory, and with small buffers, is the same run', async () => {
    const replay = async (name: string, ...flags: string[]): Promise<unknown> => {
      const args = [
        'replay',
        CAPTURE,
        '--vram',
        '50%',
        '--steps',
        '40',
        '--copy-mode',
        'physical',
        '--adapter',
        'twin',
      ];
      expect((await pageferry(folder, [...args, ...flags, '--json', name])).status).toBe(0);
      return reportIn(folder, name);
    };
    const device = await replay('device.json');
    const host = await replay('host.json', '--system-pages', 'host', '--upload-path', 'mapped');
    const split = await replay('split.json', '--segment', '4M');
    const { eventHash, counters } = device as { eventHash: string; counters: object };
    expect(device).toMatchObject({ run: { systemPages: 'device' } });
    expect(host).toMatchObject({
      eventHash,
      counters,
      run: { systemPages: 'host' },
      verification: { mismatchedPages: 0 },
    });
    // Data lies elsewhere where tables have the first buffer to themselves: other frames, another hash, the same story.
    expect(split).toMatchObject({ counters, verification: { mismatchedPages: 0 } });
  });

  it.skipIf(process.platform === 'win32')('replay stopped by Ctrl-C does the same', async () => {
    const args = ['replay', CAPTURE, '--vram', '25%', '--adapter', 'twin', '--json', 'stopped-replay.json'];
    const { status } = await pageferry(folder, args, /replaying on/);
    expect(status).toBe(130);
    expect(reportIn(folder, 'stopped-replay.json')).toMatchObject({ partial: true, verification: null });
  });
});
