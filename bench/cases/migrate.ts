// Whole migrations through the driver model: a GPU fault brings a range to VRAM, a CPU touch brings it home.
import { KIB, MIB, PAGE_SIZE } from '../../src/base/units.ts';
import type { ExperimentCase } from '../../src/lab/bench/experiment.ts';
import { migrationExperiment } from '../../src/lab/bench/migrations.ts';
import { pingPongExperiment } from '../../src/lab/bench/ping-pong.ts';
import { DIRECTIONS } from './sizes.ts';

const MODES = ['physical', 'translated'] as const;
const SIZES = [
  { name: '4K', chunks: [PAGE_SIZE], ranges: 64 },
  { name: '64K', chunks: [64 * KIB, PAGE_SIZE], ranges: 32 },
  { name: '2M', chunks: [2 * MIB, 64 * KIB, PAGE_SIZE], ranges: 8 },
] as const;

const TRAVEL = { up: 'a range brought to VRAM by a GPU fault', down: 'a range brought home by a CPU touch' } as const;

const EXPERIMENTS = SIZES.flatMap(({ name, chunks, ranges }) =>
  MODES.map((mode) => {
    const tail = `${name}.${mode}`;
    const ids = { 'to-vram': `migrate.up.${tail}`, 'to-ram': `migrate.down.${tail}` };
    return { tail, mode, experiment: migrationExperiment({ name: tail, mode, chunks, ranges, ids }) };
  }),
);

export const MIGRATE_CASES: readonly ExperimentCase[] = DIRECTIONS.flatMap(({ name }) =>
  EXPERIMENTS.map(({ tail, mode, experiment }) => ({
    id: `migrate.${name}.${tail}`,
    about: `${TRAVEL[name]}, end to end through the driver model, ${mode} copies`,
    unit: 'B/s',
    convention:
      'payload bytes of one migration over the wall time from its start to its end: collecting, VRAM, copy with its fence, commit',
    peer: null,
    limit: null,
    tier: 'core',
    experiment,
  })),
);

/** Ladders of ping-pong and how many ranges are in play; 16K is no size of the driver's own ladder. */
const GAMES = [
  { name: '4K', chunks: [PAGE_SIZE], ranges: 64 },
  { name: '16K', chunks: [16 * KIB, PAGE_SIZE], ranges: 64 },
  { name: '64K', chunks: [64 * KIB, PAGE_SIZE], ranges: 32 },
  { name: '2M', chunks: [2 * MIB, 64 * KIB, PAGE_SIZE], ranges: 8 },
] as const;
const TIMESLICES_MS = [0, 1, 5, 20] as const;

export const PING_PONG_CASES: readonly ExperimentCase[] = GAMES.flatMap(({ name, chunks, ranges }) => {
  const idOf = (ms: number): string => `migrate.pingpong.${name}.${ms}ms`;
  const timeslices = new Map(TIMESLICES_MS.map((ms) => [idOf(ms), ms]));
  const experiment = pingPongExperiment({ name: `migrate.pingpong.${name}`, chunks, ranges, timeslices });
  return TIMESLICES_MS.map((ms): ExperimentCase => {
    return {
      id: idOf(ms),
      about: `GPU and CPU touch the same ${ranges} ranges of ${name} in turn, ${ms === 0 ? 'no timeslice' : `a timeslice of ${ms} ms`}`,
      unit: 'B/s',
      convention:
        'payload bytes moved there and back over the wall time of a round: faults, service, migrations both ways, and the waiting that the timeslice imposes',
      peer: ms === 0 ? null : idOf(0),
      limit: null,
      tier: name === '64K' && (ms === 0 || ms === 5) ? 'core' : 'more',
      experiment,
    };
  });
});
