// Limits so small that a job is spread over several submissions, and a dispatch over several rows.
import type { FlushLimits } from '../../src/engine/gpu/flush-limits.ts';

export const SMALL_FLUSHES: Partial<FlushLimits> = {
  listWords: 64,
  payloadWords: 1020,
  dispatches: 16,
  marks: 2,
  ioWords: 64,
  bulkWords: 4096,
  gridWidth: 3,
  smallUploadWords: 1000,
};
