// A packed runner really runs: unpacked elsewhere, read-only, in an empty environment, as a user with no rights.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOST_BYTES } from '../../tools/pack/archive.mjs';
import { npmChromiumUsable } from '../../tools/npm-chromium.mjs';
import { reportIn, type Ended } from '../support/command.ts';

const PACK = join(import.meta.dirname, '../../tools/pack.mjs');
const PATIENCE_MS = 900_000;

/** Why a runner cannot be packed and run here, if it cannot. */
function missing(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'runners are for Linux x64';
  if (!npmChromiumUsable()) return 'the package @sparticuz/chromium is not installed';
  const tools = ['tar', 'xz'].filter((name) => spawnSync(name, ['--version']).status !== 0);
  return tools.length === 0 ? undefined : `install ${tools.join(' and ')}`;
}

// Root may write everywhere: as nobody, «read-only» means what it says.
const root = process.getuid?.() === 0;
const user = root ? { uid: 65_534, gid: 65_534 } : {};

let base = '';
/** Where the runner was packed; gone before it runs. */
let packed = '';
let copy = '';
/** The one folder that the runner's user can write. */
let reports = '';
let size = 0;
let said = '';
let listing: string[] = [];

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
}

// Never the synchronous kind: a worker that is silent for a minute is given up by vitest.
const execute = promisify(execFile);

async function pack(...args: string[]): Promise<string> {
  return (await execute(process.execPath, [PACK, '--out', packed, ...args])).stdout;
}

async function run(
  args: readonly string[],
  { program = join(copy, 'pageferry'), cwd = '/', variables = [] as string[] } = {},
): Promise<Ended> {
  const child = spawn('/usr/bin/env', ['-i', ...variables, program, ...args], { cwd, env: {}, ...user });
  const status = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, out, err };
}

const why = missing();

describe.skipIf(why !== undefined)(`a packed runner${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'pageferry-pack-'));
    chmodSync(base, 0o755);
    packed = join(base, 'runner');
    copy = join(base, 'else where', 'runner');
    reports = join(base, 'reports');
    mkdirSync(join(base, 'else where'));
    mkdirSync(reports);
    chmodSync(reports, 0o777);
    const archive = join(base, 'runner.tar.xz');
    said = await pack('--with-software', '--archive', archive);
    size = statSync(archive).size;
    listing = files(packed);
    await execute('tar', ['-xJf', archive, '-C', join(base, 'else where')]);
    await execute('chmod', ['-R', 'a-w', copy]);
  }, PATIENCE_MS);

  afterAll(async () => {
    await execute('chmod', ['-R', 'u+w', base]);
    rmSync(base, { recursive: true, force: true });
  }, PATIENCE_MS);

  it('has an archive within the limit, and its size was printed', () => {
    console.log(said.trim());
    expect(size).toBeLessThanOrEqual(MOST_BYTES);
    expect(said).toMatch(/^runner: .* MB\)\narchive: .*\.tar\.xz \(\d+\.\d MB\)\n$/);
  });

  it('packed again in the same place has the same files, and leaves no draft', { timeout: PATIENCE_MS }, async () => {
    await pack('--with-software');
    expect(files(packed)).toEqual(listing);
    expect(files(copy)).toEqual(listing);
    rmSync(packed, { recursive: true });
    expect(readdirSync(base).toSorted()).toEqual(['else where', 'reports', 'runner.tar.xz']);
  });

  it('holds licences, and no path of the machine that packed it', () => {
    const licences = ['node.txt', 'pure-rand.txt', 'swiftshader-vulkan.txt', 'valibot.txt', 'webgpu.txt'];
    expect(readdirSync(join(copy, 'licences'))).toEqual(expect.arrayContaining(licences));
    expect(readFileSync(join(copy, 'README.txt'), 'utf8')).not.toMatch(/[{}]/);
    const { sources } = JSON.parse(readFileSync(join(copy, 'lib', 'cli.mjs.map'), 'utf8')) as { sources: string[] };
    expect(sources).toContain('bench/cli.ts');
    expect(sources.filter((path) => /^(?:\/|\.\.)/.test(path))).toEqual([]);
  });

  it('lists its cases', async () => {
    expect(await run(['list'])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^copy\.up\.2M\.physical /m) as string,
    });
  });

  it('is started through a link', async () => {
    symlinkSync('else where/runner/pageferry', join(base, 'pf'));
    expect(await run(['list'], { program: join(base, 'pf') })).toEqual(await run(['list']));
  });

  const CASE = ['run', 'copy.up.2M.physical', '--quick'];

  it('measures with its own software adapter', { timeout: PATIENCE_MS }, async () => {
    const args = [...CASE, '--adapter', 'software', '--json', join(reports, 'software.json')];
    const { status, out, err } = await run(args, { variables: ['LD_DEBUG=files'] });
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^adapter: SwiftShader .* — SOFTWARE/);
    const loaded = [...err.matchAll(/calling init: (\S.*)/g)].map(([, path]) => path?.replace('/./', '/'));
    expect(loaded).toContain(join(copy, 'vulkan', 'libvk_swiftshader.so'));
    expect(loaded).toContain(join(copy, 'vulkan', 'libvulkan.so.1'));
    const report = reportIn(reports, 'software.json');
    expect(report).toMatchObject({ run: { executor: 'gpu' }, environment: { adapter: { software: true } } });
    expect(report.verification).toMatchObject({ mismatchedPages: 0 });
  });

  it('measures on the twin, with the report in the current folder', { timeout: PATIENCE_MS }, async () => {
    const { status, err } = await run([...CASE, '--adapter', 'twin'], { cwd: reports });
    expect(status).toBe(0);
    const name = readdirSync(reports).find((file) => file.startsWith('pageferry-report-')) ?? '?';
    expect(err).toContain(`report: ${join(reports, name)}`);
    expect(reportIn(reports, name).run.executor).toBe('twin');
  });

  it.each([
    [CASE, { cwd: '/' }, 'the current folder is "/", allowed: one that can be written, or --json FILE for the report'],
    [
      [...CASE, '--json', '/no/r.json'],
      {},
      '--json is "/no/r.json", allowed: a file in a folder that exists and can be written',
    ],
    [['flay'], {}, 'verb is "flay", allowed: '],
  ])('%j %j ends with 2 and one line', async (args, where, line) => {
    const { status, out, err } = await run(args, where);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err.trimEnd().split('\n')).toEqual([expect.stringContaining(`pageferry: ${line}`)]);
  });
});
