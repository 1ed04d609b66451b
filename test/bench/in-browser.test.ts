// What `--in browser` refuses before any browser starts: one line, exit 3 or 2.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../../bench/browser-process.ts';
import { pageferry, said } from '../support/command.ts';

const PATIENCE_MS = 240_000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pageferry-in-browser-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('--in', { timeout: PATIENCE_MS }, () => {
  it.each(['run', 'alternate'])('browser ends %s with 3 and one line where there is none', async (verb) => {
    const where = verb === 'run' ? ['--in', 'browser'] : ['--runs', '5'];
    const args = [verb, 'copy.up.2M.physical', ...where, '--no-peers', '--quick', '--adapter', 'twin'];
    const { status, out, err } = await pageferry(folder, args, undefined, { CHROME_PATH: join(folder, 'chrome') });
    expect({ status, out }).toEqual({ status: 3, out: '' });
    expect(said(err)).toEqual([
      `pageferry: --in is "browser", but CHROME_PATH names ${join(folder, 'chrome')}, which does not exist`,
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['run --in firefox', '--in is "firefox", allowed: node, browser'],
    ['alternate --runs 4', '--runs is "4", allowed: a whole number from 5 to 1000'],
    ['alternate --aa 200', /^--aa is no flag of alternate, allowed: --runs, /],
  ])('%s ends with 2', async (line, message) => {
    const { status, err } = await pageferry(folder, line.split(' '));
    expect(status).toBe(2);
    const text = said(err).map((one) => one.replace('pageferry: ', ''));
    expect(text).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });

  it('says that a packed runner has no browser', async () => {
    await expect(openBrowser('software', {})).rejects.toMatchObject({
      status: 3,
      message: '--in is "browser", but a packed runner brings no browser: use a checkout',
    });
  });
});
