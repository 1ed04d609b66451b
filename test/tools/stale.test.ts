// Staleness: anything newer than the start of the last build, removed files included, makes the result stale.
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildIfStale, isStale } from '../../tools/stale.mjs';
import { temporaryFolder, writeFiles } from './temporary.ts';

const LONG_AGO = 1_000_000;
let root: string;
let out: string;
let inputs: string[];

beforeEach(() => {
  root = temporaryFolder();
  out = join(root, 'out');
  inputs = [join(root, 'src'), join(root, 'package.json'), join(root, 'absent')];
  writeFiles(root, { 'src/deep/a.ts': 'a', 'package.json': '{}' }, LONG_AGO);
  age();
});

function age(): void {
  for (const folder of ['src', 'src/deep']) utimesSync(join(root, folder), LONG_AGO, LONG_AGO);
}

function build(text = 'built'): Promise<boolean> {
  return buildIfStale({ out, inputs, build: async (folder) => writeFileSync(join(folder, 'result'), text) });
}

describe('a built folder', () => {
  test('is stale before its first build and fresh after it', async () => {
    expect(isStale(out, inputs)).toBe(true);
    expect(await build()).toBe(true);
    expect(isStale(out, inputs)).toBe(false);
    expect(await build('again')).toBe(false);
    expect(readFileSync(join(out, 'result'), 'utf8')).toBe('built');
  });

  test.each([
    ['a deep file changes', () => writeFiles(root, { 'src/deep/a.ts': 'b' }, Date.now() / 1000 + 5)],
    ['a single input file changes', () => writeFiles(root, { 'package.json': '{ }' }, Date.now() / 1000 + 5)],
    ['an absent input appears', () => writeFiles(root, { absent: '' }, Date.now() / 1000 + 5)],
    ['a file is removed', () => removeLater('src/deep/a.ts')],
  ])('is stale when %s', async (_, change) => {
    await build();
    change();
    expect(isStale(out, inputs)).toBe(true);
  });

  test('is stale when a source was saved while it was being built', async () => {
    const during = async (folder: string) => {
      mkdirSync(folder, { recursive: true });
      writeFiles(root, { 'src/deep/a.ts': 'saved meanwhile' });
    };
    await buildIfStale({ out, inputs, build: during });
    expect(isStale(out, inputs)).toBe(true);
  });

  test('is stale without the mark of a finished build', async () => {
    await build();
    rmSync(join(out, '.built'));
    expect(isStale(out, inputs)).toBe(true);
  });
});

/** The time of a folder has the file system's own clock; far enough ahead is certainly later. */
function removeLater(file: string): void {
  rmSync(join(root, file));
  const later = Date.now() / 1000 + 5;
  utimesSync(join(root, 'src/deep'), later, later);
}

describe('a build', () => {
  test('replaces the whole old folder', async () => {
    await build();
    writeFileSync(join(out, 'left-over'), '');
    writeFiles(root, { 'package.json': '{ }' }, Date.now() / 1000 + 5);
    await build('second');
    expect(readdirSync(out).sort()).toEqual(['.built', 'result']);
    expect(readFileSync(join(out, 'result'), 'utf8')).toBe('second');
  });

  test('that fails keeps the old folder and leaves no draft', async () => {
    await build();
    writeFiles(root, { 'package.json': '{ }' }, Date.now() / 1000 + 5);
    const failing = () => Promise.reject(new Error('syntax'));
    await expect(buildIfStale({ out, inputs, build: failing })).rejects.toThrow('syntax');
    expect(readFileSync(join(out, 'result'), 'utf8')).toBe('built');
    expect(readdirSync(root).sort()).toEqual(['out', 'package.json', 'src']);
  });

  test('that races another leaves one complete folder', async () => {
    await Promise.all([build('one'), build('two'), build('three')]);
    expect(readdirSync(out).sort()).toEqual(['.built', 'result']);
    expect(readdirSync(root).sort()).toEqual(['out', 'package.json', 'src']);
  });
});
