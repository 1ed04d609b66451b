// The last-level cache as Linux tells it, and nothing where it does not.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastLevelCache } from '../../bench/host-facts.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pageferry-caches-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function cache(index: number, level: string, size: string): void {
  const at = join(folder, `index${index}`);
  mkdirSync(at);
  writeFileSync(join(at, 'level'), `${level}\n`);
  writeFileSync(join(at, 'size'), `${size}\n`);
}

describe('the last-level cache', () => {
  it('is the one of the highest level', () => {
    cache(0, '1', '48K');
    cache(1, '3', '33792K');
    cache(2, '2', '64M');
    expect(lastLevelCache(folder)).toBe(33_792 * 1024);
  });

  it.each([
    ['32M', 32 * 1024 ** 2],
    ['1G', 1024 ** 3],
    ['512', 512],
  ])('of %s has that many bytes', (size, bytes) => {
    cache(0, '1', size);
    expect(lastLevelCache(folder)).toBe(bytes);
  });

  it('is unknown without a folder, with an empty one, and with what is no number', () => {
    expect(lastLevelCache(join(folder, 'none'))).toBeNull();
    expect(lastLevelCache(folder)).toBeNull();
    cache(0, '1', '<unknown>');
    expect(lastLevelCache(folder)).toBeNull();
  });
});
