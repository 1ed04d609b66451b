// One line on a terminal that says how far a run is and how long it will take; nothing where no one is looking.
import { secondsLeft } from '../src/lab/bench/bench-protocol.ts';

const CLEAR = '\r\u001b[K';
const EVERY_MS = 100;

export interface Progress {
  readonly show: (done: number, total: number | null, label: string) => void;
  /** Takes the line away. */
  readonly end: () => void;
}

/** `out` is standard error: standard output belongs to the result. */
export function createProgress(out: { isTTY?: boolean; write(text: string): unknown }, now: () => number): Progress {
  if (out.isTTY !== true) return { show: () => {}, end: () => {} };
  const start = now();
  let last = Number.NEGATIVE_INFINITY;
  return {
    show: (done, total, label) => {
      if (now() - last < EVERY_MS) return;
      last = now();
      out.write(CLEAR + progressLine(done, total, label, now() - start));
    },
    end: () => out.write(CLEAR),
  };
}

/** `elapsedMs` is the time that `done` took. */
export function progressLine(done: number, total: number | null, label: string, elapsedMs: number): string {
  if (total === null || total === 0) return `${done} done · ${label}`;
  const percent = Math.floor((100 * done) / total);
  const left = secondsLeft(done, total, elapsedMs);
  return left === null ? `${percent} % · ${label}` : `${percent} % · ${label} · ${left} s left`;
}
