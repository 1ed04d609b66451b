// The page's picture of its session: what runs, what is asked for next, what was refused; every message passes through here.
import type { ExecutorInfo } from '../../engine/plan/executor.ts';
import type { BenchRequest } from '../../lab/bench/bench-protocol.ts';
import type { Report } from '../../lab/measure/report.ts';
import type { FromSession, RunState, Snapshot, VmaView } from '../../lab/session/protocol.ts';
import type { Scenario } from '../../lab/session/scenario.ts';
import { Bench } from './bench.ts';
import { Cell } from './cell.ts';
import { Draft } from './draft.ts';
import { History } from './history.ts';
import { SessionClient, type SessionPort, type SessionReceiver } from './session-client.ts';

export interface RunStatus {
  readonly state: RunState;
  readonly message: string | null;
}
export interface ExecutorStatus {
  readonly info: ExecutorInfo;
  /** Why the run is on the twin, when it is. */
  readonly fallback: string | null;
}
export interface Trace {
  readonly name: string;
  readonly bytes: ArrayBuffer;
}
export interface Inspected {
  readonly page: number;
  readonly lines: readonly string[];
}

/** A run in one of these is under way. */
const LIVE: ReadonlySet<RunState> = new Set<RunState>(['starting', 'running', 'paused']);

const STARTING: RunStatus = { state: 'starting', message: null };

export class Session implements SessionReceiver {
  readonly status = new Cell<RunStatus>(STARTING);
  readonly executor = new Cell<ExecutorStatus | null>(null);
  readonly snapshot = new Cell<Snapshot | null>(null);
  readonly vmas = new Cell<readonly VmaView[]>([]);
  readonly inspected = new Cell<Inspected | null>(null);
  readonly report = new Cell<Report | null>(null);
  readonly bench: Bench;
  /** True when the session never began because of its input. */
  refusedStart = false;
  /** True from Record until its report. */
  recording = false;
  /** Something that cannot be shown beside a field. */
  readonly complaint = new Cell<string | null>(null);
  readonly history = new History();
  readonly draft: Draft;
  trace: Trace | null = null;
  readonly #client: SessionClient;
  #hidden = false;

  constructor(open: () => SessionPort, scenario: Scenario) {
    this.draft = new Draft(scenario, (path, value) => this.#client.send({ type: 'tune', path, value }));
    this.#client = new SessionClient(open, this);
    this.bench = new Bench((message) => this.#client.send(message));
  }

  /** Starts the draft from its beginning. */
  start(): void {
    if (this.bench.state.value === 'waiting') this.bench.forget();
    const scenario = this.draft.begin();
    this.history.clear();
    this.inspected.set(null);
    this.complaint.set(null);
    this.refusedStart = this.recording = false;
    this.status.set(STARTING);
    if (scenario.workload.name !== 'trace' || this.trace === null)
      return this.#client.send({ type: 'start', scenario });
    // A copy goes: the trace is needed again for the next reset.
    const bytes = this.trace.bytes.slice(0);
    this.#client.send({ type: 'start', scenario, trace: { name: this.trace.name, bytes } }, [bytes]);
  }

  /** After a loss: another worker, which asks for another device. */
  startAgain(): void {
    this.#client.reopen();
    this.bench.broke('the session was started afresh');
    this.executor.set(null);
    this.start();
    if (this.#hidden) this.hidden(true);
  }

  runOrPause(): void {
    const { state } = this.status.value;
    if (state === 'running') this.#client.send({ type: 'pause' });
    else if (state === 'paused') this.#client.send({ type: 'resume' });
    else if (state === 'device-lost' || state === 'failed') this.startAgain();
    else if (state !== 'starting') this.start();
  }

  step(): void {
    this.#client.send({ type: 'step' });
  }

  record(): void {
    this.recording = true;
    this.#client.send({ type: 'record' });
  }

  /** Ends the run under way and measures: the quick core, unless `choices` say otherwise. */
  startBench(choices: Partial<BenchRequest> = {}): void {
    this.bench.start(choices, LIVE.has(this.status.value.state));
  }

  stop(): void {
    this.#client.send({ type: 'stop' });
  }

  hidden(hidden: boolean): void {
    this.#hidden = hidden;
    this.#client.send({ type: 'hidden', hidden });
  }

  inspect(page: number): void {
    this.#client.send({ type: 'inspect', page });
  }

  receive(message: FromSession): void {
    switch (message.type) {
      case 'executor':
        return this.executor.set({ info: message.info, fallback: message.fallback });
      case 'state':
        this.status.set({ state: message.state, message: message.message });
        return LIVE.has(message.state) ? undefined : this.bench.runEnded();
      case 'snapshot':
        return this.#show(message.snapshot);
      case 'report':
        return this.report.set(message.report);
      case 'inspected':
        return this.inspected.set({ page: message.page, lines: message.lines });
      case 'refused':
        return this.#refuse(message.field, message.message);
      case 'bench-result':
        this.bench.receive(message);
        return this.report.set(message.report);
      default:
        return this.bench.receive(message);
    }
  }

  broke(message: string): void {
    this.bench.broke(message);
    this.status.set({ state: 'failed', message });
  }

  #show(snapshot: Snapshot): void {
    if (this.snapshot.value === null) performance.mark('pageferry:first-snapshot');
    if (snapshot.spans.length > 0) markOnce('pageferry:first-migration');
    if (snapshot.index === 0) this.history.clear();
    if (snapshot.vmas !== null) this.vmas.set(snapshot.vmas);
    this.history.add(snapshot);
    this.snapshot.set(snapshot);
  }

  #refuse(field: string, message: string): void {
    this.refusedStart ||= this.status.value.state === 'starting';
    if (!this.draft.refuse(field, message)) this.complaint.set(message);
  }
}

function markOnce(name: string): void {
  if (performance.getEntriesByName(name).length === 0) performance.mark(name);
}
