// How much one submission holds: a job that needs more is spread over several, and tests make these small.

export interface FlushLimits {
  /** Words of the list: pairs, tasks, runs, intervals and touches. */
  readonly listWords: number;
  /** Words of the payload: page-table entries, small uploads and access records. At least 1,020 (one PTE_WRITE). */
  readonly payloadWords: number;
  /** Dispatches. */
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

/** 4 MiB of list describes 2 GiB of copies; WebGPU allows 4,096 queries in a set. */
export const FLUSH_LIMITS: FlushLimits = {
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
