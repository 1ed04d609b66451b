// The page's end of a benchmark: ends the run that is in its way, asks for it, follows it, and keeps its report or failure.
import type { Report } from '../../lab/measure/report.ts';
import { QUICK_REQUEST, type BenchRequest, type FromBench } from '../../lab/bench/bench-protocol.ts';
import { NOTHING_KEPT, type KeptTuning } from '../../lab/bench/tuning.ts';
import type { ToSession } from '../../lab/session/protocol.ts';
import { Cell } from './cell.ts';

/** `waiting`: for the run under way to end. */
export type BenchState = 'idle' | 'waiting' | 'measuring' | 'cancelling';

export type BenchProgress = Omit<Extract<FromBench, { type: 'bench-progress' }>, 'type'>;

export class Bench {
  readonly state = new Cell<BenchState>('idle');
  /** Null when nothing is measured. */
  readonly progress = new Cell<BenchProgress | null>(null);
  /** Of the last benchmark; a cancelled one says `partial`. */
  readonly report = new Cell<Report | null>(null);
  /** Why the last one gave no report; null when it did, or goes on. */
  readonly failure = new Cell<string | null>(null);
  readonly #send: (message: ToSession) => void;
  #wanted: BenchRequest | null = null;
  /** Copy shapes of this adapter, for as long as the page is open. */
  #kept: KeptTuning = NOTHING_KEPT;

  constructor(send: (message: ToSession) => void) {
    this.#send = send;
  }

  /** Asks for a benchmark: the quick core, unless `choices` say otherwise. Ends the run under way, if there is one. */
  start(choices: Partial<BenchRequest>, runIsLive: boolean): void {
    if (this.state.value !== 'idle') return;
    this.failure.set(null);
    this.#wanted = { ...QUICK_REQUEST, tuning: { mode: 'auto', kept: this.#kept }, ...choices };
    this.state.set('waiting');
    if (runIsLive) this.#send({ type: 'stop' });
    else this.runEnded();
  }

  /** What was measured so far comes as a partial report. */
  cancel(): void {
    if (this.state.value === 'waiting') return this.forget();
    if (this.state.value !== 'measuring') return;
    this.state.set('cancelling');
    this.#send({ type: 'bench-cancel' });
  }

  /** No run is under way any more. */
  runEnded(): void {
    if (this.#wanted === null) return;
    const request = this.#wanted;
    this.#wanted = null;
    this.state.set('measuring');
    this.#send({ type: 'bench', ...request });
  }

  receive(message: FromBench): void {
    switch (message.type) {
      case 'bench-progress': {
        const { done, total, label, secondsLeft } = message;
        return this.progress.set({ done, total, label, secondsLeft });
      }
      case 'bench-result':
        this.forget();
        this.#kept = message.tuned ?? this.#kept;
        return this.report.set(message.report);
      case 'bench-failed':
        return this.broke(message.message);
    }
  }

  /** Nothing more will come of the one under way. */
  broke(message: string): void {
    if (this.state.value === 'idle') return;
    this.forget();
    this.failure.set(message);
  }

  /** A run was asked for instead, or the worker that measured is gone. */
  forget(): void {
    this.#wanted = null;
    this.progress.set(null);
    this.state.set('idle');
  }
}
