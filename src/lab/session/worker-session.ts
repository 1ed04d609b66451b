// The session behind the page: takes messages, keeps at most one run, posts snapshots, reports and refusals.
import { DeviceLostError } from '../../engine/plan/executor.ts';
import { BenchSession, type BenchNavigator } from '../bench/bench-session.ts';
import type { BenchRequest } from '../bench/bench-protocol.ts';
import type { AnyCase } from '../bench/experiment.ts';
import { browserHost } from '../measure/environment.ts';
import { warning } from '../measure/warnings.ts';
import { openRun, type Opened, type Refused } from './open-run.ts';
import type { FromSession, RunState, ToSession } from './protocol.ts';
import { runReport } from './run-report.ts';
import type { Run, RunEnd, RunOutcome } from './run.ts';
import { transferables } from './snapshot.ts';

/** Snapshots a second: enough for a smooth picture, little enough to cost nothing. */
const SNAPSHOT_MS = 50;

export interface SessionHost {
  readonly gpu: GPU | undefined;
  readonly navigator: BenchNavigator;
  readonly wall: () => number;
  /** Cases that can be measured. */
  readonly catalogue: readonly AnyCase[];
  post(message: FromSession, transfer?: ArrayBuffer[]): void;
}

interface Live extends Opened {
  timer: ReturnType<typeof setInterval> | null;
  /** No snapshot before this wall time. */
  nextSnapshotMs: number;
  /** How it ended; null while it goes on. */
  ended: RunOutcome | null;
  /** The page was in the background while this ran. */
  wasHidden: boolean;
}

type Start = Extract<ToSession, { type: 'start' }>;
/** Messages for a run. */
type Steering = Exclude<ToSession, { type: 'start' | 'stop' | 'bench' | 'bench-cancel' | 'hidden' }>;

const END_STATE: Readonly<Record<RunEnd, RunState>> = { done: 'finished', cancelled: 'cancelled', failed: 'failed' };

export class WorkerSession {
  private readonly host: SessionHost;
  private readonly bench: BenchSession;
  private live: Live | null = null;
  /** The newest start request; older ones that are still opening end without a word. */
  private startSerial = 0;
  /** Start requests are served one after the other: two of them never hold device memory at once. */
  private opening: Promise<void> = Promise.resolve();
  /** What came for a run that is still opening; null when none is. */
  private early: Steering[] | null = null;
  private hidden = false;
  private pausedByHiding = false;

  constructor(host: SessionHost) {
    this.host = host;
    this.bench = new BenchSession(host);
  }

  /** Handles one message of the page. Never throws: what goes wrong is posted. */
  handle(message: ToSession): void {
    switch (message.type) {
      case 'start':
        return this.start(message);
      case 'bench':
        return this.measure(message);
      case 'bench-cancel':
        return this.bench.cancel();
      case 'stop':
        return this.stop();
      case 'hidden':
        this.bench.hide(message.hidden);
        return this.hide(message.hidden);
      default:
        if (this.early !== null) this.early.push(message);
        else if (this.live !== null) this.steer(this.live, message);
        else if (message.type === 'record') this.refuse('record', 'no run to record: press Run first');
    }
  }

  private steer(live: Live, message: Steering): void {
    const { run } = live;
    if (message.type === 'record') return void this.record(live);
    if (message.type === 'inspect') return this.inspect(run, message.page);
    // A finished run stays as it was: its report may still be asked for.
    if (live.ended !== null) return;
    switch (message.type) {
      case 'pause':
        this.pausedByHiding = false;
        run.pause();
        return this.state('paused');
      case 'resume':
        this.pausedByHiding = false;
        run.resume();
        return this.state('running');
      case 'step':
        this.pausedByHiding = false;
        run.stepOnce();
        return this.state('paused');
      case 'tune':
        return this.tune(run, message.path, message.value);
    }
  }

  /** A run and a benchmark would be in each other's figures. */
  private measure(request: BenchRequest): void {
    if (this.early === null && (this.live === null || this.live.ended !== null)) void this.bench.start(request);
    else this.bench.refuse('busy', 'a run is under way: stop it first');
  }

  private start(message: Start): void {
    if (this.bench.busy) {
      this.refuse('start', 'a benchmark is under way: wait for it, or cancel it');
      return this.state('cancelled');
    }
    const serial = ++this.startSerial;
    this.end();
    this.early = [];
    this.state('starting');
    this.opening = this.opening.then(() => this.serve(serial, message));
  }

  /** A run that is still opening is not begun at all. */
  private stop(): void {
    if (this.early === null) return this.live?.run.cancel();
    this.startSerial++;
    this.early = null;
    this.state('cancelled');
  }

  private async serve(serial: number, { scenario, trace }: Start): Promise<void> {
    if (serial !== this.startSerial) return;
    try {
      const opened = await openRun(this.host, scenario, trace ?? null);
      const wanted = serial === this.startSerial;
      if ('refused' in opened) {
        if (wanted) this.failToStart(opened);
      } else if (wanted) void this.begin(opened);
      else opened.executor.destroy();
    } catch (error) {
      if (serial === this.startSerial) this.broken(error);
    }
  }

  private failToStart({ refused, message }: Refused): void {
    this.early = null;
    this.refuse(refused, message);
    this.state('failed', message);
  }

  private async begin(opened: Opened): Promise<void> {
    const live: Live = { ...opened, timer: null, nextSnapshotMs: 0, ended: null, wasHidden: false };
    const early = this.early ?? [];
    this.early = null;
    this.live = live;
    this.host.post({ type: 'executor', info: live.executor.info, fallback: live.fallback });
    live.timer = setInterval(() => this.postSnapshot(live), SNAPSHOT_MS);
    this.state('running');
    this.pausedByHiding = false;
    if (this.hidden) this.hide(true);
    try {
      const ending = live.run.start();
      for (const message of early) this.steer(live, message);
      this.finish(live, await ending);
    } catch (error) {
      if (this.live === live) this.broken(error);
    } finally {
      if (live.timer !== null) clearInterval(live.timer);
      live.executor.destroy();
    }
  }

  private finish(live: Live, outcome: RunOutcome): void {
    live.ended = outcome;
    if (this.live !== live) return;
    live.nextSnapshotMs = 0;
    this.postSnapshot(live);
    this.postReport(live, outcome);
    this.state(END_STATE[outcome.end], outcome.failure);
  }

  /** Ends the run there is, at once: its memory is free before the next one asks for some. */
  private end(): void {
    const { live } = this;
    this.live = null;
    if (live === null) return;
    live.run.abandon();
    if (live.timer !== null) clearInterval(live.timer);
    live.executor.destroy();
  }

  private async record(live: Live): Promise<void> {
    try {
      if (live.ended !== null) return this.postReport(live, live.ended);
      // Rejects when the run ends first: its own report, or its failure, is posted then.
      const verified = await live.run.verify().catch(() => null);
      if (verified !== null && this.live === live) this.postReport(live, live.run.outcome('done'));
    } catch (error) {
      this.refuse('record', textOf(error));
    }
  }

  private postReport(live: Live, outcome: RunOutcome): void {
    const { run, prepared, executor, fallback } = live;
    const parts = {
      run,
      outcome,
      prepared,
      info: executor.info,
      host: browserHost(this.host.navigator),
      kind: 'live' as const,
      fallback,
      createdAt: new Date().toISOString(),
      command: '',
      doubts: live.wasHidden
        ? [warning('hidden-tab', 'the page was in the background; the run was paused meanwhile')]
        : [],
    };
    this.host.post({ type: 'report', report: runReport(parts) });
  }

  /** A large picture comes less often: it takes a tenth of the time at most. */
  private postSnapshot(live: Live): void {
    const from = this.host.wall();
    if (this.live !== live || from < live.nextSnapshotMs) return;
    const snapshot = live.run.snapshot();
    this.host.post({ type: 'snapshot', snapshot }, transferables(snapshot));
    live.nextSnapshotMs = from + 10 * (this.host.wall() - from);
  }

  private tune(run: Run, path: string, value: unknown): void {
    const problem = run.tune(path, value);
    if (problem !== null) this.refuse(path, problem);
  }

  /** A hidden page is throttled by the browser: what it would measure is worthless. */
  private hide(hidden: boolean): void {
    this.hidden = hidden;
    const { live } = this;
    if (live === null || live.ended !== null) return;
    live.wasHidden ||= hidden;
    if (hidden && !live.run.paused) {
      live.run.pause();
      this.pausedByHiding = true;
    } else if (!hidden && this.pausedByHiding) {
      live.run.resume();
      this.pausedByHiding = false;
    }
  }

  private inspect(run: Run, page: number): void {
    this.host.post({ type: 'inspected', page, lines: run.explain(page) });
  }

  private state(state: RunState, message: string | null = null): void {
    this.host.post({ type: 'state', state, message });
  }

  private refuse(field: string, message: string): void {
    this.host.post({ type: 'refused', field, message });
  }

  private broken(error: unknown): void {
    this.end();
    this.early = null;
    this.state(error instanceof DeviceLostError ? 'device-lost' : 'failed', textOf(error));
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
