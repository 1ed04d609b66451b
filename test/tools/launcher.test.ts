// The launcher: which environments `--adapter` means, one second start at most, exit codes and signals passed on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { mayRetryWithSoftware, RETRY_WITH_SOFTWARE } from '../../tools/launch-contract.mjs';
import { adapterChoice, environments, runInTurn } from '../../tools/launcher.mjs';
import { temporaryFolder, writeFiles } from './temporary.ts';

describe('the choice of adapter', () => {
  test.each([
    [[], 'auto'],
    [['bench', '--adapter', 'twin'], 'twin'],
    [['--adapter=software', 'bench'], 'software'],
    [['--adapter', 'twin', '--adapter', 'hardware'], 'hardware'],
    [['--adapter', 'warp-drive'], 'auto'],
    [['--adapter'], 'auto'],
    [['--', '--adapter', 'twin'], 'auto'],
    [['software'], 'auto'],
  ])('of %j is %s', (args, choice) => {
    expect(adapterChoice(args)).toBe(choice);
  });
});

const ENV = { VK_ICD_FILENAMES: '/my/gpu_icd.json', HOME: '/home/ada' };
const kinds = (choices: Record<string, string | undefined>[]) => choices.map((env) => env.PAGEFERRY_VULKAN);

describe.runIf(process.platform === 'linux')('the environments', () => {
  test("of auto are the machine's own, then the software one", async () => {
    const [first, second, ...more] = await environments('auto', ENV);
    expect(kinds([first ?? {}, second ?? {}])).toEqual(['try-system', 'software']);
    expect(first?.VK_ICD_FILENAMES).toBe('/my/gpu_icd.json');
    expect(second?.VK_ICD_FILENAMES).toMatch(/swiftshader/);
    expect(more).toEqual([]);
  });

  test('of hardware never name a software driver', async () => {
    const choices = await environments('hardware', ENV);
    expect(kinds(choices)).toEqual(['system']);
    expect(choices[0]?.VK_ICD_FILENAMES).toBe('/my/gpu_icd.json');
  });

  test('of software hide the hardware', async () => {
    const choices = await environments('software', ENV);
    expect(kinds(choices)).toEqual(['software']);
    expect(choices[0]?.VK_ICD_FILENAMES).toMatch(/swiftshader/);
  });

  test('of twin are as they were', async () => {
    expect(await environments('twin', ENV)).toEqual([{ ...ENV, PAGEFERRY_VULKAN: 'none' }]);
  });

  test('of auto alone allow to ask for another start', async () => {
    const [first, second] = await environments('auto', ENV);
    expect(mayRetryWithSoftware(first ?? {})).toBe(true);
    expect(mayRetryWithSoftware(second ?? {})).toBe(false);
    expect(mayRetryWithSoftware((await environments('hardware', ENV))[0] ?? {})).toBe(false);
  });
});

function program(text: string): string {
  const folder = temporaryFolder();
  writeFiles(folder, { 'program.mjs': text });
  return join(folder, 'program.mjs');
}

describe('running', () => {
  const choices = [
    { ...process.env, TURN: '1' },
    { ...process.env, TURN: '2' },
  ];

  test.each([0, 1, 3, 130])('passes on exit code %d after one start', async (code) => {
    const file = program(`process.exit(process.env.TURN === '1' ? ${code} : 9)`);
    expect(await runInTurn(file, [], choices)).toBe(code);
  });

  test('starts again when asked, with the next environment and the same arguments', async () => {
    const file = program(`process.exit(process.env.TURN === '1' ? ${RETRY_WITH_SOFTWARE} : Number(process.argv[2]))`);
    expect(await runInTurn(file, ['7'], choices)).toBe(7);
  });

  test('never starts a third time: asking again means there is no adapter', async () => {
    expect(await runInTurn(program(`process.exit(${RETRY_WITH_SOFTWARE})`), [], choices)).toBe(3);
  });

  test('a program that dies of a signal gives 128 and its number', async () => {
    expect(await runInTurn(program("process.kill(process.pid, 'SIGKILL')"), [], choices)).toBe(137);
  });
});

describe('launching', () => {
  const launcher = pathToFileURL(join(import.meta.dirname, '../../tools/launcher.mjs')).href;

  /** Exit status and standard error of a process that launches what `find` gives, with `args`. */
  async function launched(find: string, args: string[], cwd = '/') {
    const code = `import { launch } from '${launcher}'; await launch(async () => ${find});`;
    // Node gives evaluated code no name of its own in `argv`.
    const all = ['--input-type=module', '--eval', code, '--', 'launcher', ...args];
    const child = spawn(process.execPath, all, { cwd, stdio: ['ignore', 'inherit', 'pipe'] });
    const [err, [status]] = await Promise.all([textOf(child.stderr), once(child, 'close')]);
    return { status: status as number, err };
  }

  test('passes the arguments on, and the exit status back', async () => {
    const file = program('process.exit(Number(process.argv[3]))');
    expect(await launched(JSON.stringify(file), ['list', '7', '--adapter=twin'])).toEqual({ status: 7, err: '' });
  });

  test('a program that cannot be had ends with 4 and one line', async () => {
    const broken = "{ throw new Error('no bundle') }";
    expect(await launched(broken, ['list'])).toEqual({ status: 4, err: 'pageferry: could not start: no bundle\n' });
  });
});

/** A launcher in a process of its own, whose program says when it is ready. */
function startLauncher(text: string) {
  const launcher = pathToFileURL(join(import.meta.dirname, '../../tools/launcher.mjs')).href;
  const code = `import { runInTurn } from '${launcher}';
    process.exitCode = await runInTurn(${JSON.stringify(program(text))}, [], [process.env]);`;
  const args = ['--input-type=module', '--eval', code];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

describe.runIf(process.platform !== 'win32')('a signal', () => {
  const COUNTING = `let seen = 0;
    process.on('SIGINT', () => { seen++; setTimeout(() => process.exit(100 + seen), 200); });
    setInterval(() => {}, 1000);
    console.log('ready');`;

  test('reaches the program once, and its exit code comes back', async () => {
    const launcher = startLauncher(COUNTING);
    await once(launcher.stdout, 'data');
    launcher.kill('SIGINT');
    expect(await once(launcher, 'exit')).toEqual([101, null]);
  });

  test('that kills the launcher ends the program too', async () => {
    const launcher = startLauncher("setInterval(() => {}, 1000); console.log('ready');");
    await once(launcher.stdout, 'data');
    launcher.kill('SIGKILL');
    // The pipe closes when the last process that holds it is gone.
    await expect(once(launcher.stdout, 'close')).resolves.toBeDefined();
  });
});
