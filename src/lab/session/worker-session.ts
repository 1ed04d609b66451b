// The session behind the page: takes messages, keeps at most one run, posts snapshots, reports and refusals.
import { DeviceLostError, type Executor } from '../../engine/plan/executor.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { browserHost } from '../measure/environment.ts';
import { openTrace } from '../trace/open.ts';
import { TraceError, type AccessTrace } from '../trace/access-trace.ts';
import { executorConfig } from './machine.ts';
import { chooseExecutor, openExecutor } from './open-executor.ts';
import { prepareRun, type Prepared } from './prepare.ts';
import { runReport } from './run-report.ts';
import { Run, type RunEnd, type RunOutcome } from './run.ts';
import { parseScenario } from './scenario.ts';
import { transferables } from './snapshot.ts';
import type { FromSession, RunState, ToSession } from './protocol.ts';

/** Snapshots a second: enough for a smooth picture, little enough to cost nothing. */
const SNAPSHOT_MS = 50;

export interface SessionHost {
  readonly gpu: GPU | undefined;
  readonly navigator: Pick<Navigator, 'userAgent' | 'hardwareConcurrency'>;
  readonly wall: () => number;
  post(message: FromSession, transfer?: ArrayBuffer[]): void;
}

interface Live {
  readonly run: Run;
  readonly executor: Executor;
  readonly prepared: Prepared;
  readonly fallback: string | null;
  timer: ReturnType<typeof setInterval> | null;
}

const END_STATE: Readonly<Record<RunEnd, RunState>> = { done: 'finished', cancelled: 'cancelled', failed: 'failed' };

export class WorkerSession {
  private readonly host: SessionHost;
  private live: Live | null = null;
  /** Start requests are served one after the other; a newer one makes older ones pointless. */
  private startSerial = 0;
  private pausedByHiding = false;

  constructor(host: SessionHost) {
    this.host = host;
  }

  /** Handles one message of the page. Never throws: what goes wrong is posted. */
  handle(message: ToSession): void {
    switch (message.type) {
      case 'start':
        void this.start(message.scenario, message.trace ?? null);
        return;
      case 'bench':
        this.refuse('bench', 'benchmarks run on the command line in this version: npm run bench');
        return;
      case 'stop':
        this.live?.run.cancel();
        return;
      case 'record':
        void this.record();
        return;
      default:
        this.steer(message);
    }
  }

  private steer(message: Exclude<ToSession, { type: 'start' | 'stop' | 'record' | 'bench' }>): void {
    const run = this.live?.run;
    if (run === undefined) return;
    switch (message.type) {
      case 'pause':
        run.pause();
        return this.state('paused');
      case 'resume':
        run.resume();
        return this.state('running');
      case 'step':
        run.stepOnce();
        return this.state('paused');
      case 'tune':
        return this.tune(run, message.path, message.value);
      case 'hidden':
        return this.hide(run, message.hidden);
      case 'inspect':
        return this.inspect(run, message.page);
    }
  }

  private async start(input: unknown, trace: { name: string; bytes: ArrayBuffer } | null): Promise<void> {
    const serial = ++this.startSerial;
    this.end();
    this.state('starting');
    try {
      const live = await this.open(input, trace);
      if (live === null) return;
      if (serial !== this.startSerial) return live.executor.destroy();
      this.live = live;
      await this.drive(live);
    } catch (error) {
      if (serial === this.startSerial) this.broken(error);
    }
  }

  /** Everything up to a run that can be driven; null when the input was refused. */
  private async open(input: unknown, traceFile: { name: string; bytes: ArrayBuffer } | null): Promise<Live | null> {
    const parsed = parseScenario(input);
    if (!parsed.ok) return this.refuse(parsed.field, parsed.message);
    const trace = await this.readTrace(traceFile);
    if (trace === 'refused') return null;
    const { gpu } = this.host;
    const chosen = await chooseExecutor(gpu, parsed.scenario.engine.adapter);
    if (chosen instanceof GpuUnavailable) return this.refuse('engine.adapter', chosen.message);
    const prepared = prepareRun(parsed.scenario, trace, chosen.maxSpacePages, new Set());
    if (!prepared.ok) return this.refuse(prepared.field, prepared.message);
    const executor = await openExecutor(gpu, chosen, executorConfig(prepared.scenario, prepared.sizes));
    if (executor instanceof GpuUnavailable) return this.refuse('engine.adapter', executor.message);
    this.host.post({ type: 'executor', info: executor.info, fallback: chosen.fallback });
    const { scenario, sizes, workload } = prepared;
    const run = new Run({ scenario, sizes, workload, executor, wall: this.host.wall, pictures: true });
    return { run, executor, prepared, fallback: chosen.fallback, timer: null };
  }

  private async readTrace(file: { name: string; bytes: ArrayBuffer } | null): Promise<AccessTrace | null | 'refused'> {
    if (file === null) return null;
    try {
      return await openTrace(file.name, new Uint8Array(file.bytes));
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      this.refuse('trace', error.message);
      return 'refused';
    }
  }

  private async drive(live: Live): Promise<void> {
    live.timer = setInterval(() => this.postSnapshot(live), SNAPSHOT_MS);
    this.state('running');
    try {
      const outcome = await live.run.start();
      if (this.live !== live) return;
      this.postSnapshot(live);
      this.postReport(live, outcome);
      this.state(END_STATE[outcome.end], outcome.failure);
    } finally {
      if (live.timer !== null) clearInterval(live.timer);
      live.executor.destroy();
    }
  }

  private end(): void {
    const { live } = this;
    this.live = null;
    if (live === null) return;
    live.run.abandon();
    if (live.timer !== null) clearInterval(live.timer);
  }

  private async record(): Promise<void> {
    const { live } = this;
    if (live === null) return this.refuse('record', 'no run to record: press Run first') ?? undefined;
    try {
      await live.run.verify();
      if (this.live === live) this.postReport(live, live.run.outcome('done'));
    } catch (error) {
      this.broken(error);
    }
  }

  private postReport(live: Live, outcome: RunOutcome): void {
    const { run, prepared, executor, fallback } = live;
    const host = browserHost(this.host.navigator);
    const createdAt = new Date().toISOString();
    const parts = {
      run,
      outcome,
      prepared,
      info: executor.info,
      host,
      kind: 'live' as const,
      fallback,
      createdAt,
      command: '',
    };
    this.host.post({ type: 'report', report: runReport(parts) });
  }

  private postSnapshot(live: Live): void {
    if (this.live !== live) return;
    const snapshot = live.run.snapshot();
    this.host.post({ type: 'snapshot', snapshot }, transferables(snapshot));
  }

  private tune(run: Run, path: string, value: unknown): void {
    const problem = run.tune(path, value);
    if (problem !== null) this.refuse(path, problem);
  }

  /** A hidden page is throttled by the browser: what it would measure is worthless. */
  private hide(run: Run, hidden: boolean): void {
    if (hidden && !run.paused) {
      run.pause();
      this.pausedByHiding = true;
    } else if (!hidden && this.pausedByHiding) {
      run.resume();
      this.pausedByHiding = false;
    }
  }

  private inspect(run: Run, page: number): void {
    this.host.post({ type: 'inspected', page, lines: run.explain(page) });
  }

  private state(state: RunState, message: string | null = null): void {
    this.host.post({ type: 'state', state, message });
  }

  private refuse(field: string, message: string): null {
    this.host.post({ type: 'refused', field, message });
    if (this.live === null) this.state('failed', message);
    return null;
  }

  private broken(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.live = null;
    this.state(error instanceof DeviceLostError ? 'device-lost' : 'failed', message);
  }
}
