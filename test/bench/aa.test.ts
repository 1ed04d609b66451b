// What `run --aa` refuses before anything runs.
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../bench/arguments.ts';
import { judgedRequest } from '../../bench/request.ts';
import type { Judged } from '../../src/lab/bench/judge-request.ts';

function asked(line: string): Judged {
  return judgedRequest(readCommandLine(line.split(' ')), line);
}

describe('--aa', () => {
  it.each([
    ['run --aa 199 pt.zap.4K', '--aa is "199", allowed: a whole number from 200 to 100000', 'run --aa 200 pt.zap.4K'],
    [
      'run --aa 200',
      'case is "", allowed: ids of jobs for A/A, such as copy.up.2M.physical',
      'run --aa 200 --filter zap.4K',
    ],
    [
      'run --aa 200 migrate.up.2M.physical',
      'case is "migrate.up.2M.physical", allowed: ids of jobs for A/A, such as copy.up.2M.physical',
      'run --aa 200 copy.up.2M.physical',
    ],
    [
      'run --aa 200 pt.zap.4K --repeat 2',
      '--repeat is "2", allowed: 1 beside A/A',
      'run --aa 200 pt.zap.4K --repeat 1',
    ],
    ['run --aa 200 pt.zap.4K --budget 9', '--budget is "9", allowed: none beside A/A', 'run --aa 999 pt.zap.4K'],
  ])('%s', (line, message, control) => {
    expect(() => asked(line)).toThrow(message);
    expect(asked(control).aa?.trials).toBeGreaterThanOrEqual(200);
  });

  it('measures the cases that are named and no peers of them', () => {
    const benches = (line: string): string[] | undefined => asked(line).aa?.benches.map(({ id }) => id);
    expect(benches('run --aa 200 copy.up.2M.physical')).toEqual(['copy.up.2M.physical']);
    expect(benches('run --aa 200 hash.2M copy.up.2M.physical')).toEqual(['copy.up.2M.physical', 'hash.2M']);
    expect(asked('run --aa 200 copy.up.2M.physical').selection.cases).toHaveLength(1);
    expect(asked('run copy.up.2M.physical').selection.cases.length).toBeGreaterThan(1);
  });

  it('is off when it is not asked for', () => {
    expect(asked('run pt').aa).toBeNull();
  });

  it('takes 15 samples a side unless the user says', () => {
    const samples = (more: string): number => asked(`run --aa 200 copy.up.2M.physical${more}`).choices.sampling.samples;
    expect(samples('')).toBe(15);
    expect(samples(' --samples 30')).toBe(30);
    expect(samples(' --quick')).toBe(9);
  });
});
