// Whole migrations through the driver model: a GPU fault brings a range to VRAM, a CPU touch brings it home.
import { KIB, MIB, PAGE_SIZE } from '../../src/base/units.ts';
import { DIRECTIONS } from './sizes.ts';

const MODES = ['physical', 'translated'] as const;
const SIZES = [
  { name: '4K', chunks: [PAGE_SIZE], ranges: 64 },
  { name: '64K', chunks: [64 * KIB, PAGE_SIZE], ranges: 32 },
  { name: '2M', chunks: [2 * MIB, 64 * KIB, PAGE_SIZE], ranges: 8 },
] as const;

const TRAVEL = { up: 'a range brought to VRAM by a GPU fault', down: 'a range brought home by a CPU touch' } as const;

/** One experiment measures both directions. */
export interface MigrateExperiment {
  readonly name: string;
  readonly mode: (typeof MODES)[number];
  /** Chunk ladder in bytes; the first is the size that is measured. */
  readonly chunks: readonly number[];
  /** Ranges that travel in each round. */
  readonly ranges: number;
}

export interface MigrateCase {
  readonly id: string;
  readonly about: string;
  readonly direction: 'to-vram' | 'to-ram';
  readonly convention: string;
  readonly experiment: MigrateExperiment;
}

const EXPERIMENTS: readonly MigrateExperiment[] = SIZES.flatMap(({ name, chunks, ranges }) =>
  MODES.map((mode) => ({ name: `${name}.${mode}`, mode, chunks, ranges })),
);

export const MIGRATE_CASES: readonly MigrateCase[] = DIRECTIONS.flatMap(({ name }) =>
  EXPERIMENTS.map((experiment) => ({
    id: `migrate.${name}.${experiment.name}`,
    about: `${TRAVEL[name]}, end to end through the driver model, ${experiment.mode} copies`,
    direction: name === 'up' ? 'to-vram' : 'to-ram',
    convention:
      'payload bytes of one migration over the wall time from its start to its end: collecting, VRAM, copy with its fence, commit',
    experiment,
  })),
);
