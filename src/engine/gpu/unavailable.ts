// Why there is no GPU executor: a typed reason with the numbers behind it, returned and never thrown.

export type UnavailableReason =
  /** No `navigator.gpu`: an insecure page, an old browser, or WebGPU switched off. */
  | 'no-webgpu'
  /** WebGPU is there but offers no adapter: no driver, or blocked after crashes. */
  | 'no-adapter'
  /** Adapters exist, none of the wanted kind (hardware, software). */
  | 'wrong-kind'
  /** The configuration needs more than the adapter allows: see `wanted` and `allowed`. */
  | 'limits'
  /** The limits allow it, the memory is not there: see `wanted`. */
  | 'out-of-memory'
  /** The adapter refused to give a device. */
  | 'refused';

export class GpuUnavailable {
  readonly reason: UnavailableReason;
  /** One sentence for people. */
  readonly message: string;
  /** Bytes of the largest buffer (`limits`) or of all buffers (`out-of-memory`) that the configuration needs. */
  readonly wanted: number | undefined;
  /** Bytes of a buffer that the adapter allows (`limits`). */
  readonly allowed: number | undefined;

  constructor(reason: UnavailableReason, message: string, wanted?: number, allowed?: number) {
    this.reason = reason;
    this.message = message;
    this.wanted = wanted;
    this.allowed = allowed;
  }
}
