// The cache of unpacked folders: complete or absent, filled once, shared by processes that race for it.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cachedFolder } from '../../tools/cache.mjs';
import { temporaryFolder } from './temporary.ts';

function fillWith(text: string, order: string[] = []) {
  return async (folder: string) => {
    order.push(text);
    await sleep(20);
    writeFileSync(join(folder, 'file'), text);
  };
}

test('a folder is filled once and then found', async () => {
  const base = temporaryFolder();
  const filled: string[] = [];
  const first = await cachedFolder('a', fillWith('one', filled), base);
  const second = await cachedFolder('a', fillWith('two', filled), base);
  expect(second).toBe(first);
  expect(filled).toEqual(['one']);
  expect(readFileSync(join(first, 'file'), 'utf8')).toBe('one');
});

test('racing fillers all get a complete folder and leave no drafts', async () => {
  const base = temporaryFolder();
  const folders = await Promise.all(['1', '2', '3', '4'].map((text) => cachedFolder('a', fillWith(text), base)));
  expect(new Set(folders)).toEqual(new Set([join(base, 'a')]));
  expect(readFileSync(join(base, 'a', 'file'), 'utf8')).toMatch(/^[1-4]$/);
  expect(readdirSync(base)).toEqual(['a']);
});

test('a failed filler leaves nothing behind, and the next one may try again', async () => {
  const base = temporaryFolder();
  const failing = async (folder: string) => {
    writeFileSync(join(folder, 'half'), '');
    throw new Error('disk full');
  };
  await expect(cachedFolder('a', failing, base)).rejects.toThrow('disk full');
  expect(readdirSync(base)).toEqual([]);
  expect(existsSync(await cachedFolder('a', fillWith('ok'), base))).toBe(true);
});
