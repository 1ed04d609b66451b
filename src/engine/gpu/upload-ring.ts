// Staging buffers that the host writes while they are mapped: an upload lies in one, and a copy takes it to its place in
// the order of commands.
//
// A chunk is mapped when it is created and again when the device has read it, so that nobody waits for a mapping. All
// chunks together are bounded: where none is free, the caller takes the queue's own write, and that is counted.
import type { UploadCounts } from '../plan/executor.ts';

/** Bytes of a chunk; an upload that does not fit into what is left of one is cut. */
const CHUNK_BYTES = 4 << 20;
const MOST_CHUNKS = 16;
/** Copies begin and end at multiples of four bytes; pages and access records always do. */
const WORD_BYTES = 4;

export interface UploadRingLimits {
  readonly chunkBytes?: number;
  readonly chunks?: number;
}

interface Chunk {
  readonly buffer: GPUBuffer;
  words: Uint32Array;
  used: number;
}

/** Words of one chunk, to be written before the submission goes out. */
export interface Staged {
  readonly buffer: GPUBuffer;
  readonly offsetBytes: number;
  readonly words: Uint32Array;
}

export class UploadRing {
  readonly #device: GPUDevice;
  readonly #chunkWords: number;
  readonly #most: number;
  /** Mapped and empty. */
  readonly #free: Chunk[] = [];
  /** Taken from by the open submission; the last one has room. */
  #open: Chunk[] = [];
  #chunks = 0;
  #mapped = 0;
  #fallback = 0;

  constructor(device: GPUDevice, { chunkBytes = CHUNK_BYTES, chunks = MOST_CHUNKS }: UploadRingLimits = {}) {
    this.#device = device;
    this.#chunkWords = chunkBytes / WORD_BYTES;
    this.#most = chunks;
  }

  get counts(): UploadCounts {
    return { mapped: this.#mapped, fallback: this.#fallback };
  }

  /** Room for 1 … `wanted` words in one chunk; null where every chunk is in use, which counts all of them. */
  take(wanted: number): Staged | null {
    const chunk = this.#roomy();
    if (chunk === null) {
      this.#fallback += wanted;
      return null;
    }
    const count = Math.min(wanted, this.#chunkWords - chunk.used);
    const at = chunk.used;
    chunk.used += count;
    this.#mapped += count;
    return { buffer: chunk.buffer, offsetBytes: at * WORD_BYTES, words: chunk.words.subarray(at, at + count) };
  }

  #roomy(): Chunk | null {
    const last = this.#open.at(-1);
    if (last !== undefined && last.used < this.#chunkWords) return last;
    const next = this.#free.pop() ?? this.#create();
    if (next !== null) this.#open.push(next);
    return next;
  }

  #create(): Chunk | null {
    if (this.#chunks === this.#most) return null;
    this.#chunks++;
    const size = this.#chunkWords * WORD_BYTES;
    const usage = GPUBufferUsage.MAP_WRITE | GPUBufferUsage.COPY_SRC;
    const buffer = this.#device.createBuffer({ label: 'upload', size, usage, mappedAtCreation: true });
    return { buffer, words: new Uint32Array(buffer.getMappedRange()), used: 0 };
  }

  /** The device reads only unmapped buffers: called before the submission that copies from them. */
  unmap(): void {
    for (const chunk of this.#open) chunk.buffer.unmap();
  }

  /** Called after that submission: its chunks come back when the device has read them. */
  remap(): void {
    for (const chunk of this.#open) void this.#reuse(chunk);
    this.#open = [];
  }

  async #reuse(chunk: Chunk): Promise<void> {
    try {
      await chunk.buffer.mapAsync(GPUMapMode.WRITE);
    } catch {
      // The device is gone, or the executor was destroyed: whoever waits for completions is told, not the ring.
      return;
    }
    chunk.words = new Uint32Array(chunk.buffer.getMappedRange());
    chunk.used = 0;
    this.#free.push(chunk);
  }
}
