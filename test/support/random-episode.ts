// What one episode of random jobs keeps from job to job: its spaces, their tables, and how many faults are still allowed.
import { createRng, type Rng } from '../../src/base/rng.ts';
import type { SpaceId, WalkRoot } from '../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../src/engine/plan/executor.ts';
import { RandomEngine } from './random-engine.ts';
import { DATA_PAGES, OUTSIDE, pick, RandomSpace } from './random-space.ts';

export class Episode {
  readonly rng: Rng;
  readonly config: ExecutorConfig;
  readonly clients: readonly RandomSpace[];
  readonly engine: RandomEngine;
  /** Faults that the job being made may still ask for. */
  faultRoom = 0;
  readonly #nextTable: number[];

  constructor(seed: number, config: ExecutorConfig) {
    this.rng = createRng(seed);
    this.config = config;
    this.#nextTable = config.spaces.map(() => DATA_PAGES);
    const homes = [1, pick(this.rng, [0, 1]), config.spaces.length - 1];
    this.clients = homes.map((space) => new RandomSpace(this.rng, space, this.#asid(), this.#tableFrame(space)));
    this.engine = new RandomEngine(this.rng, this.#tableFrame(1));
  }

  #asid(): number {
    return pick(this.rng, [0, 1, 0xfffff, this.rng.below(0x100000)]);
  }

  #tableFrame(space: SpaceId): () => number {
    return () => {
      const frame = this.#nextTable[space] ?? OUTSIDE;
      if (frame >= (this.config.spaces[space]?.pages ?? 0))
        throw new Error(`space ${space} is too small for its tables`);
      this.#nextTable[space] = frame + 1;
      return frame;
    };
  }

  space(): SpaceId {
    return this.rng.below(this.config.spaces.length);
  }

  /** frame and pages among the data frames, at most `most` pages. */
  data(most = 8): { frame: number; pages: number } {
    const pages = 1 + this.rng.below(most);
    return { frame: this.rng.below(DATA_PAGES - pages + 1), pages };
  }

  /** A range of the access list; `most` ≥ 1. */
  list(most: number): { base: number; count: number } {
    const count = 1 + this.rng.below(Math.min(most, this.config.accessCapacity));
    return { base: this.rng.below(this.config.accessCapacity - count + 1), count };
  }

  root(): WalkRoot {
    return pick(this.rng, this.clients).tables.root;
  }
}
