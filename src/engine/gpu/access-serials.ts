// Numbers every ACCESS of an executor, so that the device can tell faults of a chain from older ones without a reset.

export interface AccessSerial {
  readonly serial: number;
  /** Serial of the first ACCESS of its chain; its own when it is not chained. */
  readonly chainFirst: number;
}

export class AccessSerials {
  /** Wraps after 2^32 accesses: more than a day at twenty microseconds each. */
  #next = 0;
  #first = 0;
  #job = -1;

  /** Serial of the next ACCESS, of the job `seq`: chains do not reach across jobs. */
  next(seq: number, chained: boolean): AccessSerial {
    const serial = this.#next++ >>> 0;
    if (!chained || seq !== this.#job) this.#first = serial;
    this.#job = seq;
    return { serial, chainFirst: this.#first };
  }
}
