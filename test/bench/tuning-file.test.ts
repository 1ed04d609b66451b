// Kept copy shapes: what is kept is read again, and whatever is wrong with the file or its folder harms no run.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCommandLine } from '../../bench/arguments.ts';
import { tuningMode } from '../../bench/tune.ts';
import { tuningFile, tuningPath } from '../../bench/tuning-file.ts';
import type { KeptTuning } from '../../src/lab/bench/tuning.ts';

const SHAPE = { lanes: 256, unroll: 1, groups: 1 };
const TRIAL = { gain: 1.2, rounds: 20, reason: 'wins', times: [{ shape: SHAPE, medianNs: 5, madNs: 1 }] };

function tuned(key: string): KeptTuning {
  return {
    table: { [key]: { up: SHAPE, down: SHAPE, within: SHAPE } },
    trials: { [key]: { up: TRIAL, down: TRIAL, within: TRIAL } },
  };
}

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pageferry-tuning-'));
  path = join(folder, 'pageferry', 'tuning.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the file of copy shapes', () => {
  it('keeps what it is given beside what it has, and leaves no draft', async () => {
    const store = tuningFile(path);
    expect(await store.read()).toEqual({ kept: { table: {}, trials: {} }, note: null });
    expect(await store.add(tuned('a'))).toBeNull();
    expect(await tuningFile(path).add(tuned('b'))).toBeNull();
    const { kept, note } = await store.read();
    expect(note).toBeNull();
    expect(kept).toEqual({
      table: { ...tuned('a').table, ...tuned('b').table },
      trials: { ...tuned('a').trials, ...tuned('b').trials },
    });
    expect(readdirSync(dirname(path))).toEqual(['tuning.json']);
  });

  it.each([
    ['half a file', '{"schema":"pageferry-tun'],
    ['another version', '{"schema":"pageferry-tuning","schemaVersion":2,"table":{},"trials":{}}'],
    ['shapes of another form', '{"schema":"pageferry-tuning","schemaVersion":1,"table":{"a":{"up":3}},"trials":{}}'],
    ['nothing', ''],
    ['bytes', '\u0000\uffff'],
  ])('with %s is ignored with a note, and replaced', async (_what, text) => {
    mkdirSync(dirname(path));
    writeFileSync(path, text);
    const { kept, note } = await tuningFile(path).read();
    expect(kept.table).toEqual({});
    expect(note).toContain('make no sense, ignored');
    expect(await tuningFile(path).add(tuned('a'))).toBeNull();
    expect((await tuningFile(path).read()).kept).toEqual(tuned('a'));
  });

  it('that cannot be written is no error', async () => {
    writeFileSync(join(folder, 'pageferry'), 'a file where the folder should be');
    expect((await tuningFile(path).read()).note).toBeNull();
    expect(await tuningFile(path).add(tuned('a'))).toMatch(/tuned, but not kept \((EEXIST|ENOTDIR)\)/);
    expect(readFileSync(join(folder, 'pageferry'), 'utf8')).toBe('a file where the folder should be');
  });

  it('that cannot be read is ignored with a note', async () => {
    mkdirSync(path, { recursive: true });
    expect((await tuningFile(path).read()).note).toContain('not read (EISDIR)');
    expect(await tuningFile(path).add(tuned('a'))).toContain('not kept');
  });

  it('stands in the cache folder of the user', () => {
    expect(tuningPath({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/pageferry/tuning.json');
    const usual = join(homedir(), '.cache', 'pageferry', 'tuning.json');
    for (const given of [undefined, '', 'relative']) expect(tuningPath({ XDG_CACHE_HOME: given })).toBe(usual);
  });
});

describe('the flags', () => {
  const mode = (line: string): string => tuningMode(readCommandLine(line.split(' ')).flags);

  it('say whether to tune', () => {
    expect(mode('run')).toBe('auto');
    expect(mode('run --no-tune')).toBe('never');
    expect(mode('run --retune')).toBe('always');
    expect(() => mode('run --retune --no-tune')).toThrow('--retune and --no-tune are both given, allowed: one of them');
  });
});
