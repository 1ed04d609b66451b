// The bytes that the twin's kernels work on: one array a space, the access list, the fault ring and the TLB lines.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import { ACCESS_RECORD_WORDS, ACCESS_RESULT_WORDS, SYSTEM_SPACE, VRAM_SPACE, type SpaceId } from '../plan/commands.ts';
import type { ExecutorConfig } from '../plan/executor.ts';
import { tableFrames } from '../plan/segments.ts';
import { createFaultRing, type FaultRing } from './fault-ring.ts';
import { TLB_LINE_WORDS } from './tlb.ts';
import { newLeaf, type Leaf } from './walk.ts';

export interface TwinMemory {
  /** Index is the SpaceId; 1024 words a frame. None of a space whose bytes the host has. */
  readonly spaces: readonly Uint32Array[];
  /** First segments of the spaces. */
  readonly tables: readonly Uint32Array[];
  /** Frames of each space, here or with the host. */
  readonly frames: readonly number[];
  /** ACCESS_RECORD_WORDS words an access. */
  readonly records: Uint32Array;
  /** ACCESS_RESULT_WORDS words an access. */
  readonly results: Uint32Array;
  readonly faults: FaultRing;
  /** TLB_LINE_WORDS words a line; empty when the TLB is left out. */
  readonly tlb: Uint32Array;
  /** Whether a translated copy of the job that runs now met a page that does not translate. */
  engineFault: boolean;
  /** Frame pairs of a translated copy; grows with the largest one seen. */
  pairs: Uint32Array;
  /** Scratch of walks. */
  readonly leaf: Leaf;
}

/** All zero, as a new GPU buffer is. */
export function createTwinMemory(config: ExecutorConfig): TwinMemory {
  const spaces = config.spaces.map(({ pages, host }) => new Uint32Array(host === true ? 0 : pages * WORDS_PER_PAGE));
  return {
    spaces,
    tables: spaces.map((words, space) => words.subarray(0, tableFrames(config, space) * WORDS_PER_PAGE)),
    frames: config.spaces.map(({ pages }) => pages),
    records: new Uint32Array(config.accessCapacity * ACCESS_RECORD_WORDS),
    results: new Uint32Array(config.accessCapacity * ACCESS_RESULT_WORDS),
    faults: createFaultRing(config.faultCapacity),
    tlb: new Uint32Array(config.tlbLines * TLB_LINE_WORDS),
    engineFault: false,
    pairs: new Uint32Array(0),
    leaf: newLeaf(),
  };
}

const NO_WORDS = new Uint32Array(0);

/** The words of a space; none of a space that the configuration leaves out, where every frame is out of range. */
export function spaceWords(memory: TwinMemory, space: SpaceId): Uint32Array {
  return memory.spaces[space] ?? NO_WORDS;
}

/** The words of a space among which its page tables lie: those of its first segment. */
export function tableWords(memory: TwinMemory, space: SpaceId): Uint32Array {
  return memory.tables[space] ?? NO_WORDS;
}

/** The VRAM that a leaf with DM means: the one that holds its tables; with tables in system memory, the first one. */
export function vramBeside(tableSpace: SpaceId): SpaceId {
  return tableSpace === SYSTEM_SPACE ? VRAM_SPACE : tableSpace;
}
