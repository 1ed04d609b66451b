// What the command line refuses before anything runs: one line that names the flag, what was given and what is allowed.
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../bench/arguments.ts';
import { CommandError } from '../../bench/exit.ts';
import { helpText } from '../../bench/help.ts';
import { progressLine } from '../../bench/progress.ts';
import { judgedRequest } from '../../bench/request.ts';
import { scenarioFromFlags } from '../../bench/scenario-flags.ts';
import { DEFAULT_SCENARIO, type Scenario } from '../../src/lab/session/scenario.ts';

/** Everything that is judged without an adapter. */
function judge(line: string): Scenario {
  const command = readCommandLine(line.split(' ').filter((word) => word !== ''));
  const scenario = scenarioFromFlags(DEFAULT_SCENARIO, command.flags);
  if (command.verb === 'run') judgedRequest(command, line);
  return scenario;
}

const VRAM = 'a multiple of 4096 bytes such as 64M, or a percentage above 0 up to 1000 such as 50%';
const LADDER = 'descending powers of two from 512M to 4K such as 2M,64K,4K';
const TIME = 'a number from 0 to 86400000, or "driver"';

/** Bad line, its whole message, and a control: the nearest line that is fine. */
const BAD: readonly (readonly [line: string, message: string, control: string])[] = [
  ['measure', 'verb is "measure", allowed: list, run, replay, compare, alternate, export, help', 'run'],
  [
    'run --fast',
    '--fast is no flag of run, allowed: --in, --all, --quick, --samples, --seed, --adapter, --filter, --no-peers, --repeat, --budget, --aa, --no-tune, --retune, --json',
    'run --quick',
  ],
  [
    'run -q',
    '-q is no flag of run, allowed: --in, --all, --quick, --samples, --seed, --adapter, --filter, --no-peers, --repeat, --budget, --aa, --no-tune, --retune, --json',
    'run',
  ],
  ['run --quick=yes', '--quick is "yes", allowed: no value', 'run --quick'],
  ['run --samples', '--samples has no value, allowed: a whole number from 5 to 10000', 'run --samples 5'],
  ['run --seed -1', '--seed is "-1", allowed: a whole number from 0 to 4294967295', 'run --seed 0'],
  ['run --seed 1.5', '--seed is "1.5", allowed: a whole number from 0 to 4294967295', 'run --seed 4294967295'],
  ['run --adapter gpu', '--adapter is "gpu", allowed: auto, hardware, software, twin', 'run --adapter=twin'],
  [
    'run copy.upp',
    'case is "copy.upp", allowed: ids that `list` prints, or their first parts such as copy.up',
    'run copy.up',
  ],
  [
    'run --vram 50%',
    '--vram is no flag of run, allowed: --in, --all, --quick, --samples, --seed, --adapter, --filter, --no-peers, --repeat, --budget, --aa, --no-tune, --retune, --json',
    'replay f --vram 50%',
  ],
  ['list all', 'argument is "all", allowed: no argument after list', 'list'],
  ['list --json x', '--json is no flag of list, allowed: none', 'list'],
  ['replay', 'FILE has no value, allowed: one trace file', 'replay f'],
  ['replay a b', 'argument is "b", allowed: one trace file after replay', 'replay a'],
  ['compare a', 'B has no value, allowed: two reports', 'compare a b'],
  ['compare a b c', 'argument is "c", allowed: two reports after compare', 'compare a b --fail-on-regression 5'],
  ['compare', 'A has no value, allowed: two reports', 'compare a b --json c'],
  ['export', 'REPORT has no value, allowed: one report', 'export a --to csv'],
  ['export a --csv', '--csv is no flag of export, allowed: --to, --out', 'export a --to csv --out b'],
  ['replay f --vram 5000', `--vram is "5000", allowed: ${VRAM}`, 'replay f --vram 8192'],
  ['replay f --vram -5M', `--vram is "-5M", allowed: ${VRAM}`, 'replay f --vram 5M'],
  ['replay f --vram 0%', `--vram is "0%", allowed: ${VRAM}`, 'replay f --vram 200%'],
  ['replay f --vram', `--vram has no value, allowed: ${VRAM}`, 'replay f --vram 64K'],
  ['replay f --timeslice -1', `--timeslice is "-1", allowed: ${TIME}`, 'replay f --timeslice 0'],
  ['replay f --timeslice soon', `--timeslice is "soon", allowed: ${TIME}`, 'replay f --timeslice driver'],
  ['replay f --chunks 4K,64K', `--chunks is "4K,64K", allowed: ${LADDER}`, 'replay f --chunks 64K,4K'],
  ['replay f --chunks 12K,4K', `--chunks is "12K,4K", allowed: ${LADDER}`, 'replay f --chunks 16K,4K'],
  ['replay f --chunks big', `--chunks is "big", allowed: ${LADDER}`, 'replay f --chunks 4K'],
  [
    'replay f --chunks 2M,64K',
    '--chunks is "2M,64K", allowed: ladders that end in 4K such as 2M,64K,4K',
    'replay f --chunks 2M,64K,4K',
  ],
  ['replay f --workload sweep', /^--workload is no flag of replay, allowed: --vram, /.source, 'replay f --as cpu'],
];

describe('the command line', () => {
  it.each(BAD)('%s', (line, message, control) => {
    let caught: unknown;
    try {
      judge(line);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(CommandError);
    const { status, message: said } = caught as CommandError;
    expect(status).toBe(2);
    expect(said).not.toContain('\n');
    if (message.startsWith('^')) expect(said).toMatch(new RegExp(message));
    else expect(said).toBe(message);
    expect(() => judge(control)).not.toThrow();
  });

  it('is `run` when it names no verb', () => {
    expect(readCommandLine([])).toMatchObject({ verb: 'run', operands: [] });
    expect(readCommandLine(['--quick']).verb).toBe('run');
    expect(readCommandLine(['run', 'copy.up', '--quick', 'pt']).operands).toEqual(['copy.up', 'pt']);
  });

  it('takes the last of a flag, as the launcher does', () => {
    expect(judge('run --adapter twin --adapter software').engine.adapter).toBe('software');
  });

  it('takes what follows -- as it is', () => {
    expect(readCommandLine(['replay', '--', '--odd-name']).operands).toEqual(['--odd-name']);
  });

  it('sets the fields of the scenario', () => {
    const scenario = judge(
      'replay f --vram 25% --timeslice 2.5 --chunks 64K,4K --as cpu --copy-mode physical --verify false',
    );
    expect(scenario).toMatchObject({
      machine: { vram: '25%' },
      migration: { chunks: [65536, 4096], timeslice: { overrideMs: 2.5 } },
      workload: { side: 'cpu' },
      engine: { copyMode: 'physical' },
      run: { verify: false },
    });
  });
});

describe('selecting cases', () => {
  const chosen = (line: string): string[] => {
    const { cases, added } = judgedRequest(readCommandLine(line.split(' ')), line).selection;
    return cases.map(({ id }) => id).filter((id) => !added.has(id));
  };

  it('takes ids and their first parts, in the order of the list', () => {
    const [first, ...rest] = chosen('run pt.zap copy.up.2M.physical');
    expect(first).toBe('copy.up.2M.physical');
    expect(rest.length).toBeGreaterThan(2);
    for (const id of rest) expect(id).toMatch(/^pt\.zap\./);
  });

  it('refuses by the name of the flag', () => {
    const allowed = 'allowed: text that is in the id of a chosen case, such as 2M.physical';
    expect(() => chosen('run --filter nothing')).toThrow(`--filter is "nothing", ${allowed}`);
    expect(() => chosen('run pt --filter walk')).toThrow(`--filter is "walk", ${allowed}`);
    expect(() => chosen('run --filter=')).toThrow(`--filter is "", ${allowed}`);
    expect(chosen('run pt --filter zap.4K')).toEqual(['pt.zap.4K']);
  });
});

describe('the help', () => {
  it('names every verb, flag and exit status', () => {
    for (const word of [
      'list',
      'run [ids…]',
      'replay FILE',
      'compare A B',
      'export REPORT',
      '--to',
      '--vram',
      '--timeslice',
      '--chunks',
      '--samples',
      '130',
    ])
      expect(helpText()).toContain(word);
    expect(readCommandLine(['replay', '--help']).verb).toBe('help');
  });
});

describe('the progress line', () => {
  it('tells the time that is left', () => {
    expect(progressLine(0, 100, 'filling memory', 5000)).toBe('0 % · filling memory');
    expect(progressLine(25, 100, 'copy.up.4K', 5000)).toBe('25 % · copy.up.4K · 15 s left');
    expect(progressLine(7, null, 'accesses', 5000)).toBe('7 done · accesses');
  });
});
