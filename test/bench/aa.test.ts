// What `run --aa` refuses before anything runs.
import { describe, expect, it } from 'vitest';
import { aaCommand, aaSampling } from '../../bench/aa.ts';
import { readCommandLine } from '../../bench/arguments.ts';
import { selectCases } from '../../bench/run.ts';
import { FULL_SAMPLES, QUICK_SAMPLES } from '../../src/lab/measure/bench-runner.ts';

function asked(line: string): ReturnType<typeof aaCommand> {
  const { flags, operands } = readCommandLine(line.split(' '));
  return aaCommand(flags, selectCases(operands, flags.get('--filter')));
}

describe('--aa', () => {
  it.each([
    ['run --aa 199 pt.zap.4K', '--aa is "199", allowed: a whole number from 200 to 100000', 'run --aa 200 pt.zap.4K'],
    [
      'run --aa 200 pt',
      'case is "pt.bind.4K pt.zap.4K pt.bind.64K", allowed: one whole id after --aa N',
      'run --aa 200 pt --filter zap.4K',
    ],
    [
      'run --aa 200 migrate.up.2M.physical',
      'case is "migrate.up.2M.physical", allowed: an id that does not begin with migrate',
      'run --aa 200 copy.up.2M.physical',
    ],
    [
      'run --aa 200 pt.zap.4K --repeat 2',
      '--repeat is "2", allowed: no such flag beside --aa',
      'run --aa 200 pt.zap.4K',
    ],
    [
      'run --aa 200 pt.zap.4K --budget 9',
      '--budget is "9", allowed: no such flag beside --aa',
      'run --aa 999 pt.zap.4K',
    ],
  ])('%s', (line, message, control) => {
    expect(() => asked(line)).toThrow(message);
    expect(asked(control)?.trials).toBeGreaterThanOrEqual(200);
  });

  it('is off when it is not asked for', () => {
    expect(asked('run pt')).toBeNull();
  });

  it('takes 15 samples a side unless the user says', () => {
    const choices = { seed: 1, quick: false, repeat: 1, budgetMs: null, sampling: FULL_SAMPLES };
    expect(aaSampling(choices, false).samples).toBe(15);
    expect(aaSampling(choices, true).samples).toBe(30);
    expect(aaSampling({ ...choices, quick: true, sampling: QUICK_SAMPLES }, false).samples).toBe(9);
  });
});
