// Buffers that the host can map for reading: taken by a submission, given back when its words have been read.

const SMALLEST = 64 * 1024;
/** Free buffers kept for the next submission; more only cost memory. */
const MAX_FREE = 8;

export class StagingPool {
  readonly #device: GPUDevice;
  #free: GPUBuffer[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** An unmapped buffer of at least `bytes`; sizes are powers of two, so that one serves many submissions. */
  take(bytes: number): GPUBuffer {
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(bytes)));
    const index = this.#free.findIndex((buffer) => buffer.size === size);
    const found = this.#free.splice(index, index < 0 ? 0 : 1)[0];
    if (found !== undefined) return found;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return this.#device.createBuffer({ label: `staging ${size}`, size, usage });
  }

  /** Takes back a buffer that is no longer mapped. */
  give(buffer: GPUBuffer): void {
    this.#free.push(buffer);
    if (this.#free.length > MAX_FREE) this.#free.shift()?.destroy();
  }
}
