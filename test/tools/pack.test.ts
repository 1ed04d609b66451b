// Packing, in its parts: what is refused before anything is written, the size that is too much, the shell launcher.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MOST_BYTES, TooLarge, writeArchive } from '../../tools/pack/archive.mjs';
import { bundledPackages } from '../../tools/pack/licences.mjs';
import { packOptions } from '../../tools/pack/options.mjs';
import { temporaryFolder, writeFiles } from './temporary.ts';

const TOOLS = join(import.meta.dirname, '../../tools');

describe('the options', () => {
  test('are absolute paths', () => {
    const folder = temporaryFolder();
    const archive = join(folder, 'runner.tar.xz');
    expect(packOptions(['--out', join(folder, 'a', '..', 'runner'), '--archive', archive, '--with-software'])).toEqual({
      out: join(folder, 'runner'),
      archive,
      software: true,
    });
  });

  test('may name a folder that is empty, or an earlier runner', () => {
    const folder = temporaryFolder();
    expect(packOptions(['--out', folder])).toEqual({ out: folder, archive: undefined, software: false });
    writeFiles(folder, { pageferry: '', node: '', 'lib/packed.mjs': '' });
    expect(packOptions(['--out', folder]).out).toBe(folder);
  });

  test('never name a folder with other things in it, nor a file', () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'thesis.txt': '' });
    const allowed =
      /^--out is ".*", allowed: a folder that is new, or can be written and is empty or an earlier runner$/;
    expect(() => packOptions(['--out', folder])).toThrow(allowed);
    expect(() => packOptions(['--out', join(folder, 'thesis.txt')])).toThrow(allowed);
    expect(() => packOptions(['--out', ''])).toThrow(allowed);
  });

  test.each([
    [[], '--out has no value, allowed: a folder to write'],
    [['--out', 'new', '--fast'], /--fast/],
    [['--out', 'new', '--archive', 'x.zip'], /^--archive is "x.zip", allowed: a file \*\.tar\.xz outside --out/],
    [['--out', 'new', '--archive', 'new/x.tar.xz'], /^--archive is "new\/x.tar.xz", allowed/],
    [['--out', 'new', '--archive', 'no/such/x.tar.xz'], /in a folder that exists$/],
  ])('%j are refused by name', (args, message) => {
    expect(() => packOptions(args)).toThrow(message);
  });

  test('that are bad end the program with 2, the usage, and nothing written', () => {
    const folder = temporaryFolder();
    const { status, err } = ended(
      process.execPath,
      [join(TOOLS, 'pack.mjs'), '--out', 'new', '--archive', 'x'],
      folder,
    );
    expect(status).toBe(2);
    expect(err).toMatch(/^pack: --archive is "x".*\nusage: npm run pack -- --out DIR/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('an archive', () => {
  const small = () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'runner/b': 'b', 'runner/a': 'a' });
    return folder;
  };

  test('may have 45 MB, and says what it has', async () => {
    expect(MOST_BYTES).toBe(45_000_000);
    const folder = small();
    const file = join(folder, 'x.tar.xz');
    expect(await writeArchive(join(folder, 'runner'), file)).toBe(statSync(file).size);
    const { out } = ended('tar', ['-tf', file], folder);
    expect(out.split('\n')).toEqual(['runner/', 'runner/a', 'runner/b', '']);
  });

  test('of the same files is the same', async () => {
    const [one, two] = [small(), small()].map((folder) => join(folder, 'runner'));
    await writeArchive(one ?? '', `${one}.tar.xz`);
    await writeArchive(two ?? '', `${two}.tar.xz`);
    expect(readFileSync(`${one}.tar.xz`)).toEqual(readFileSync(`${two}.tar.xz`));
  });

  test('that is larger is refused with both numbers, and not left there', async () => {
    const folder = small();
    const written = writeArchive(join(folder, 'runner'), join(folder, 'x.tar.xz'), 20);
    await expect(written).rejects.toThrow(TooLarge);
    await expect(written).rejects.toThrow(/^the archive has 0\.0 MB \(\d+ bytes\), allowed: at most 0\.0 MB$/);
    expect(readdirSync(folder)).toEqual(['runner']);
  });
});

test('packages in a bundle are found by its source map, each once', async () => {
  const folder = temporaryFolder();
  const sources = ['src/a.ts', 'node_modules/valibot/x.js', 'node_modules/valibot/y.js', '../node_modules/@a/b/c.js'];
  writeFiles(folder, { 'cli.mjs.map': JSON.stringify({ sources }) });
  expect(await bundledPackages(join(folder, 'cli.mjs.map'))).toEqual(['@a/b', 'valibot']);
});

/** A runner whose `node` only prints what it was started with. */
function fakeRunner(): string {
  const folder = join(temporaryFolder(), 'the runner');
  mkdirSync(folder);
  copyFileSync(join(TOOLS, 'pack', 'pageferry.sh'), join(folder, 'pageferry'));
  writeFiles(folder, { node: '#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n', 'bin/empty': '' });
  for (const name of ['node', 'pageferry']) chmodSync(join(folder, name), 0o755);
  return folder;
}

function ended(program: string, args: string[], cwd: string): { status: number; out: string; err: string } {
  try {
    return { status: 0, out: execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe' }), err: '' };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { status, out: stdout, err: stderr };
  }
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the shell launcher', () => {
  const started = (folder: string, args: string[]) =>
    [join(folder, 'node'), join(folder, 'lib', 'packed.mjs'), ...args, ''].join('\n');

  test('starts its own Node from anywhere, with the arguments as they are', () => {
    const folder = fakeRunner();
    const args = ['run', 'two words', '', '--json=*'];
    const { out } = ended('/usr/bin/env', ['-i', join(folder, 'pageferry'), ...args], '/');
    expect(out).toBe(started(folder, args));
  });

  test.each(['./pageferry', '../the runner/pageferry'])('by the relative name %s', (name) => {
    const folder = fakeRunner();
    expect(ended(name, ['list'], folder).out).toBe(started(folder, ['list']));
  });

  test('through links to links, relative and absolute', () => {
    const folder = fakeRunner();
    symlinkSync('../pageferry', join(folder, 'bin', 'first'));
    symlinkSync(join(folder, 'bin', 'first'), join(folder, 'bin', 'second'));
    expect(ended(join(folder, 'bin', 'second'), ['list'], '/').out).toBe(started(folder, ['list']));
    expect(ended('sh', ['second', 'list'], join(folder, 'bin')).out).toBe(started(folder, ['list']));
    expect(existsSync(join(folder, 'bin', 'node'))).toBe(false);
  });

  test('tells of a machine that it is not for', () => {
    const folder = fakeRunner();
    writeFiles(folder, { 'bin/uname': '#!/bin/sh\necho Plan9\n' });
    chmodSync(join(folder, 'bin', 'uname'), 0o755);
    const path = `PATH=${join(folder, 'bin')}:/usr/bin:/bin`;
    const { status, err } = ended('/usr/bin/env', [path, join(folder, 'pageferry'), 'list'], '/');
    expect(status).toBe(4);
    expect(err).toBe('pageferry: this machine is "Plan9 Plan9", allowed: Linux x86_64\n');
  });
});
