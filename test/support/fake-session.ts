// A stand-in for the session worker: synthetic snapshots from a seed, for tests of the page alone. Never shipped, never measured.
import {
  BLOCK_KIND,
  PAGE_STATE,
  type FromSession,
  type Snapshot,
  type SpanView,
  type ToSession,
} from '../../src/lab/session/protocol.ts';

const CHUNK = 512;
const NO_FRAME = 0xffffffff;

/** A sweep over chunks of 2 MiB with first-in-first-out eviction: just enough to look like a run. */
export class FakeMemory {
  readonly pageState: Uint8Array;
  readonly pageFrame: Uint32Array;
  readonly chunks: number;
  readonly slots: number;
  readonly #resident: number[] = [];
  #cursor: number;
  #index = 0;
  #spanId = 1;
  #marks: string[] = [];

  constructor(chunks: number, slots: number, seed: number) {
    this.chunks = chunks;
    this.slots = slots;
    this.#cursor = seed % chunks;
    this.pageState = new Uint8Array(chunks * CHUNK).fill(PAGE_STATE.system);
    this.pageFrame = new Uint32Array(chunks * CHUNK).fill(NO_FRAME);
  }

  mark(label: string): void {
    this.#marks.push(label);
  }

  /** Moves one chunk up, and one home first when VRAM is full. */
  step(): Snapshot {
    const spans: SpanView[] = [];
    const chunk = this.#cursor++ % this.chunks;
    if (!this.#resident.includes(chunk)) {
      const slot = this.#resident.length < this.slots ? this.#resident.length : this.#evict(spans);
      this.#fill(chunk, PAGE_STATE.vram, slot * CHUNK);
      this.#resident.push(chunk);
      spans.push(this.#span('to-vram', chunk * CHUNK));
    }
    return this.#snapshot(spans);
  }

  #evict(spans: SpanView[]): number {
    const oldest = this.#resident.shift() as number;
    const frame = this.pageFrame[oldest * CHUNK] as number;
    this.#fill(oldest, PAGE_STATE.system, NO_FRAME);
    // Evictions know physical pages only, like the real ones.
    spans.push(this.#span('to-ram', -1));
    return frame / CHUNK;
  }

  #fill(chunk: number, state: number, frame: number): void {
    for (let i = 0; i < CHUNK; i++) {
      this.pageState[chunk * CHUNK + i] = state;
      this.pageFrame[chunk * CHUNK + i] = frame === NO_FRAME ? NO_FRAME : frame + i;
    }
  }

  #span(direction: SpanView['direction'], firstPage: number): SpanView {
    const id = this.#spanId++;
    const startNs = id * 1e6;
    const rule = direction === 'to-vram' ? 'gpu-fault' : 'evict-lru';
    return {
      id,
      direction,
      firstPage,
      pages: CHUNK,
      vramFrame: -1,
      startNs,
      endNs: startNs + 2e5,
      rule,
      values: {},
      status: '0',
    };
  }

  #snapshot(spans: SpanView[]): Snapshot {
    const index = this.#index++;
    const resident = this.#resident.length * CHUNK;
    const up = spans.filter(({ direction }) => direction === 'to-vram').length * CHUNK * 4096;
    const marks = this.#marks;
    this.#marks = [];
    return {
      index,
      nowNs: index * 1e8,
      vmas: index === 0 ? [{ name: 'fake', startVpn: 0x7f0000000, pages: this.pageState.length, firstPage: 0 }] : null,
      pageState: this.pageState.slice(),
      pageFrame: this.pageFrame.slice(),
      ranges: Uint32Array.from(this.#resident.toSorted((a, b) => a - b).flatMap((chunk) => [chunk * CHUNK, CHUNK, 3])),
      notifiers: Uint32Array.from([0, this.pageState.length]),
      vramBlocks: Uint32Array.from([
        0,
        resident,
        BLOCK_KIND.data,
        1,
        resident,
        this.slots * CHUNK - resident,
        BLOCK_KIND.free,
        0,
      ]),
      spans,
      spansDropped: 0,
      counters: {},
      rates: {
        seconds: 0.1,
        upBytes: up,
        downBytes: 0,
        faults: spans.length,
        migrations: spans.length,
        evictions: 0,
        accesses: 512,
        residentPages: resident,
        totalPages: this.pageState.length,
      },
      phases: [{ phase: 'copy', count: 1, p50Us: 100, p99Us: 200 }],
      log: [`synthetic line ${index}`],
      jobsInFlight: 0,
      tasks: 1,
      marks,
    };
  }
}

/** Answers like a session; what it was told is kept in `heard`. */
export class FakeSession {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  readonly heard: ToSession[] = [];
  terminated = false;
  readonly memory: FakeMemory;

  constructor(chunks = 16, slots = 8, seed = 1) {
    this.memory = new FakeMemory(chunks, slots, seed);
  }

  postMessage(message: ToSession): void {
    this.heard.push(message);
    if (message.type === 'tune') this.memory.mark(`${message.path} ${JSON.stringify(message.value)}`);
  }

  terminate(): void {
    this.terminated = true;
  }

  say(message: FromSession): void {
    this.onmessage?.({ data: message } as MessageEvent);
  }
}
