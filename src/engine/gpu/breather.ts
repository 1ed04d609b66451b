// Lets a CPU that emulates the GPU have the core on which Node waits for it.
//
// Dawn in Node asks for completions once a turn of the event loop and never sleeps: its thread takes a whole core, and on a
// small machine the emulated GPU loses it. While something is in flight each turn sleeps a little, after a first while
// without, so that short waits stay exact. Browsers wait in another process and need none of it.

/** A wait is not slowed down until it has lasted this long, in ms. */
const PATIENCE_MS = 0.5;
/** Length of one sleep, in ms: by so much a longer wait may end late. */
const SLEEP_MS = 0.1;

/** What of Node it takes; for tests. */
export interface Loop {
  readonly now: () => number;
  readonly sleep: (ms: number) => void;
  readonly nextTurn: (turn: () => void) => void;
}

export class Breather {
  readonly #loop: Loop;
  #inFlight = 0;
  #since = 0;
  #turning = false;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  /** Something more is in flight. */
  begin(): void {
    this.#inFlight++;
    this.#since = this.#loop.now();
    if (this.#turning) return;
    this.#turning = true;
    this.#loop.nextTurn(this.#turn);
  }

  /** Something has come back. */
  end(): void {
    this.#inFlight--;
    this.#since = this.#loop.now();
  }

  readonly #turn = (): void => {
    this.#turning = this.#inFlight > 0;
    if (!this.#turning) return;
    if (this.#loop.now() - this.#since > PATIENCE_MS) this.#loop.sleep(SLEEP_MS);
    this.#loop.nextTurn(this.#turn);
  };
}

type SetImmediate = (turn: () => void) => unknown;

/** For an executor on a software adapter in Node; null elsewhere. */
export function breatherFor(software: boolean): Breather | null {
  const { setImmediate } = globalThis as { setImmediate?: SetImmediate };
  if (!software || setImmediate === undefined) return null;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return new Breather({
    now: () => performance.now(),
    sleep: (ms) => void Atomics.wait(cell, 0, 0, ms),
    nextTurn: (turn) => void setImmediate(turn),
  });
}
