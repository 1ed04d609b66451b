// GPU time of jobs: one query set for the life of the executor, two stamps a compute pass.

const NS_PER_MS = 1e6;
const STAMP_BYTES = 8;
/** A job cannot run longer than its caller waited for it; clocks differ by a little. */
const SLACK_NS = 100 * NS_PER_MS;

export class Stamps {
  readonly querySet: GPUQuerySet;
  /** Where the stamps of a submission are resolved to: 8 bytes each. */
  readonly resolved: GPUBuffer;

  /** Room for `passes` timed passes a submission; one set, since some drivers have few of them. */
  constructor(device: GPUDevice, passes: number) {
    const count = 2 * passes;
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    this.querySet = device.createQuerySet({ label: 'stamps', type: 'timestamp', count });
    this.resolved = device.createBuffer({ label: 'stamps', size: count * STAMP_BYTES, usage });
  }

  /** Where timed pass number `pass` of a submission writes its stamps. */
  writes(pass: number): GPUComputePassTimestampWrites {
    return { querySet: this.querySet, beginningOfPassWriteIndex: 2 * pass, endOfPassWriteIndex: 2 * pass + 1 };
  }
}

/** The time that the stamped passes of one job span. */
export interface StampedRegion {
  /** Earliest begin and latest end in nanoseconds; 0 before any stamp was seen. */
  begin: number;
  end: number;
}

/** Widens the region by one pass; stamps are pairs of words (lo, hi), exact below 2^53 ns (104 days). */
export function addPass(region: StampedRegion, stamps: Uint32Array, pass: number): void {
  const begin = nanoseconds(stamps, 4 * pass);
  const end = nanoseconds(stamps, 4 * pass + 2);
  region.begin = region.begin === 0 ? begin : Math.min(region.begin, begin);
  region.end = Math.max(region.end, end);
}

function nanoseconds(stamps: Uint32Array, at: number): number {
  return (stamps[at + 1] as number) * 2 ** 32 + (stamps[at] as number);
}

/** Span of the region, or null where it cannot be true (stamps are allowed to jump). `wallMs` bounds it from above. */
export function regionNs(region: StampedRegion, wallMs: number): number | null {
  if (region.begin === 0 || region.end === 0) return null;
  const ns = region.end - region.begin;
  return ns >= 0 && ns <= wallMs * NS_PER_MS + SLACK_NS ? ns : null;
}
