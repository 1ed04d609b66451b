// How much one submission holds: a job that needs more is spread over several, and tests make these small.

import type { ExecutorConfig } from '../plan/executor.ts';
import { segmentCount } from '../plan/segments.ts';

export interface FlushLimits {
  /** Words of the list: pairs, tasks, runs, intervals and touches. */
  readonly listWords: number;
  /** Words of the payload: page-table entries, small uploads and access records. At least 1,020 (one PTE_WRITE). */
  readonly payloadWords: number;
  /** Dispatches; a margin (`dispatchMargin`) is always kept. */
  readonly dispatches: number;
  /** Batches of translated copies; at least 2. */
  readonly marks: number;
  /** Timed compute passes. */
  readonly stamps: number;
  /** Words of io that kernels write: hashes, values of CPU accesses, access results. */
  readonly ioWords: number;
  /** Words of pages read back. */
  readonly bulkWords: number;
  /** Workgroups of one row of a dispatch; more make more rows. At most 65,535. */
  readonly gridWidth: number;
  /** Uploads up to this many words travel in the payload, larger ones go straight to their buffer. */
  readonly smallUploadWords: number;
}

/**
 * Dispatches that one command, with the batch that it closes, may need: where spaces have several segments, a batch of copies
 * takes one for each pair of them.
 */
export function dispatchMargin(config: ExecutorConfig): number {
  const segments = config.spaces.map((_, space) => segmentCount(config, space));
  return 8 + Math.max(...segments) ** 2;
}

/** 4 MiB of list describes 2 GiB of copies; WebGPU allows 4,096 queries in a set. */
const FLUSH_LIMITS: FlushLimits = {
  listWords: 1 << 20,
  payloadWords: 1 << 20,
  dispatches: 1024,
  marks: 1 << 12,
  stamps: 1024,
  ioWords: 1 << 20,
  bulkWords: 8 << 20,
  gridWidth: 1 << 15,
  smallUploadWords: 1 << 16,
};

/** The limits with some changed, and room for at least two commands that need the whole margin. */
export function flushLimits(config: ExecutorConfig, changes: Partial<FlushLimits> = {}): FlushLimits {
  const limits = { ...FLUSH_LIMITS, ...changes };
  return { ...limits, dispatches: Math.max(limits.dispatches, 2 * dispatchMargin(config)) };
}
