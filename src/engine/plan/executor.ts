// The one interface behind which jobs become bytes: `gpu` and `twin` implement it, decisions never see which.
import type { Completion, Job } from './job.ts';

export interface SpaceConfig {
  /** 'system', 'vram0', … */
  readonly name: string;
  /** Size in 4 KiB frames. */
  readonly pages: number;
  /**
   * The host has the bytes (engine/host): the executor holds none, refuses every command that would touch them, and only
   * resolves accesses that hit the space (commands.ts·ACCESS_STATUS).
   */
  readonly host?: true;
}

export interface ExecutorConfig {
  /** Index is the SpaceId: [system, vram0, …]. */
  readonly spaces: readonly SpaceConfig[];
  /**
   * Pages of one buffer: larger spaces are split into several, and page tables lie in the first (segments.ts). A power of
   * two; default 2^18, 1 GiB. The host's own space is not split.
   */
  readonly segmentPages?: number;
  /** Accesses that the access list holds. */
  readonly accessCapacity: number;
  /** Records that the fault ring holds. */
  readonly faultCapacity: number;
  /** Lines of the TLB model (a power of two); 0 leaves the TLB out. */
  readonly tlbLines: number;
}

export interface ExecutorInfo {
  readonly kind: 'gpu' | 'twin';
  /** One line for people: adapter name, or "CPU twin". */
  readonly name: string;
  /** True when a CPU emulates the GPU (SwiftShader, lavapipe, WARP). Always false for the twin, which is no GPU. */
  readonly software: boolean;
  readonly vendor: string;
  readonly architecture: string;
  readonly driver: string;
  readonly backend: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly timestamps: boolean;
  /** System pages lie in host memory (engine/host), and copies of them are real transfers. */
  readonly hostPages?: true;
}

/** The device went away: nothing submitted to this executor will complete. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

/** What became of the words of uploads that were to go through mapped staging buffers. */
export interface UploadCounts {
  readonly mapped: number;
  /** Words that went another way: every staging buffer was in use. */
  readonly fallback: number;
}

export interface Executor {
  readonly info: ExecutorInfo;
  readonly config: ExecutorConfig;
  /** Of `mapped` uploads so far, where the executor has such a path: a figure about them holds only where none fell back. */
  readonly uploadCounts?: UploadCounts;
  /** Queue a job. Jobs run in the order of submission. Throws on a job that does not validate (a bug). */
  submit(job: Job): void;
  /** Hand everything submitted so far to the device. */
  flush(): void;
  /** Completions since the last call, in order of seq. */
  take(): Completion[];
  /**
   * Resolves as soon as `take` would return something; at once when nothing is in flight. Flushes first.
   * Rejects with DeviceLostError.
   */
  settled(): Promise<void>;
  /** Release the device's memory. Jobs in flight may be dropped. */
  destroy(): void;
}
