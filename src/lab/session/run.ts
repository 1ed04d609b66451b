// One run: composes machine, workload and executor, drives them, and answers for what happened.
import { NS_PER_S } from '../../base/units.ts';
import type { Executor } from '../../engine/plan/executor.ts';
import type { Completion, Job } from '../../engine/plan/job.ts';
import { Recorder } from '../measure/recorder.ts';
import { Oracle } from '../workload/oracle.ts';
import type { Op } from '../../model/sched/op.ts';
import type { Workload } from '../workload/workload.ts';
import type { WallClock } from './clock.ts';
import { Driver, type DriverConfig } from './driver.ts';
import { applyLiveFields, buildMachine, type Machine } from './machine.ts';
import { PageIndex } from './page-index.ts';
import { newControl, newProgress, runProgram, verifyNow, type ProgramParts } from './program.ts';
import { explainPage } from './explain-page.ts';
import { RunTime } from './run-time.ts';
import type { Snapshot } from './protocol.ts';
import type { Scenario } from './scenario.ts';
import { fieldAt, setField } from './scenario-fields.ts';
import type { Sizes } from './sizing.ts';
import { Sinks } from './sinks.ts';
import { Snapshots } from './snapshot.ts';
import { SpanLog } from './span-log.ts';
import type { Verification } from './verify.ts';
import { Waiters } from './waiters.ts';

export interface RunConfig {
  readonly scenario: Scenario;
  readonly sizes: Sizes;
  readonly workload: Workload;
  readonly executor: Executor;
  /** Monotonic wall milliseconds. */
  readonly wall: WallClock;
  /** Collects spans and log lines for pictures; headless runs leave it out. */
  readonly pictures?: boolean;
  /** What it does instead of the workload's steps; it populates memory itself (program.ts·runProgram). */
  readonly program?: (parts: ProgramParts) => Op<void>;
  readonly onSlice?: DriverConfig['onSlice'];
}

/** `done`: the workload ended or its step limit was reached. */
export type RunEnd = 'done' | 'cancelled' | 'failed';

export interface RunOutcome {
  readonly end: RunEnd;
  /** Why it failed, in words. */
  readonly failure: string | null;
  readonly verification: Verification | null;
  readonly wrongLoads: number;
  readonly steps: number;
  readonly accesses: number;
  /** Wall seconds of the workload; pauses, population and verification left out. */
  readonly seconds: number;
}

/** A stopped workload may finish its step for so long (design.md §4: every run can be cancelled within 100 ms). */
const CANCEL_MS = 80;
/** Changes of live fields that a report tells. */
const MAX_CHANGES = 100;

export class Run {
  readonly machine: Machine;
  readonly recorder = new Recorder();
  readonly pages: PageIndex;
  scenario: Scenario;
  private readonly config: RunConfig;
  private readonly spans: SpanLog;
  private readonly driver: Driver;
  private readonly parts: ProgramParts;
  private readonly snapshots: Snapshots;
  private marks: string[] = [];
  /** Changes of live fields, with their times, for the report. */
  readonly changes: string[] = [];
  private readonly time: RunTime;
  private gpuNs = 0;
  private over = false;
  private patience: ReturnType<typeof setTimeout> | null = null;
  private readonly verifiers = new Waiters<Verification>();

  constructor(config: RunConfig) {
    const { scenario, sizes, workload, executor, wall } = config;
    this.config = config;
    this.scenario = scenario;
    this.pages = new PageIndex(workload.vmas);
    this.spans = new SpanLog(this.pages);
    const sinks = new Sinks();
    this.machine = buildMachine(scenario, sizes, workload, sinks);
    sinks.all.push(this.recorder);
    if (config.pictures === true) sinks.all.push(this.spans);
    this.parts = this.programParts(workload);
    this.driver = new Driver({
      sched: this.machine.world.sched,
      jobs: this.machine.world.jobs,
      executor,
      clock: scenario.run.clock,
      wall,
      onCompletion: (job, completion) => this.completed(job, completion),
      waitsForControl: () => this.parts.control.changed.waiting > 0,
      ...(config.onSlice === undefined ? {} : { onSlice: config.onSlice }),
    });
    this.time = new RunTime(this.driver, wall);
    this.snapshots = new Snapshots({
      machine: this.machine,
      pages: this.pages,
      recorder: this.recorder,
      spans: this.spans,
      accesses: () => this.parts.progress.accesses,
      counters: () => this.counters(),
    });
  }

  /** Runs to the end of the workload, verifies (unless told not to), and says how it went. Rejects on device loss. */
  async start(): Promise<RunOutcome> {
    try {
      return await this.drive();
    } finally {
      this.over = true;
      this.endPatience();
      this.verifiers.reject(new Error('the run ended before it was verified'));
    }
  }

  private async drive(): Promise<RunOutcome> {
    const { sched } = this.machine.world;
    const program = sched.spawn('program', (this.config.program ?? runProgram)(this.parts));
    await this.driver.run(() => program.done);
    this.endPatience();
    this.time.end();
    const { control, progress } = this.parts;
    // What was found earlier says nothing about the end.
    progress.verification = null;
    if (program.done && progress.failure === null && this.scenario.run.verify) {
      const verify = sched.spawn('verify', verifyNow(this.parts));
      await this.driver.run(() => verify.done);
    }
    return this.outcome(progress.failure !== null ? 'failed' : control.stopRequested ? 'cancelled' : 'done');
  }

  /** Holds the workload once its step is over; only then its clock stands still. */
  pause(): void {
    this.parts.control.paused = true;
    this.wakeProgram();
  }

  resume(): void {
    this.parts.control.paused = false;
    this.parts.control.stepsAllowed = 0;
    this.goOn();
  }

  /** Runs one step of the workload, then stays paused. */
  stepOnce(): void {
    this.parts.control.paused = true;
    this.parts.control.stepsAllowed++;
    this.goOn();
  }

  /**
   * Ends the workload after the current step, then verifies. A step that takes too long is given up, and asking again
   * gives up verification too: the outcome is unverified then.
   */
  cancel(): void {
    if (this.over) return;
    if (this.parts.control.stopRequested) return this.abandon();
    this.parts.control.stopRequested = true;
    this.patience = setTimeout(() => this.driver.stop(), CANCEL_MS);
    this.goOn();
  }

  /** Ends everything now; nothing is verified. */
  abandon(): void {
    this.parts.control.stopRequested = true;
    this.driver.stop();
  }

  /** Compares every page with the oracle between two steps, while the run goes on. Rejects when the run ends before. */
  verify(): Promise<Verification> {
    if (this.over) return Promise.reject(new Error('the run is over'));
    this.parts.control.verifyRequested = true;
    this.wakeProgram();
    return this.verifiers.wait();
  }

  /** Changes a live field. Null when done, else what is wrong, in one line. */
  tune(path: string, value: unknown): string | null {
    const field = fieldAt(path);
    if (field === undefined) return `${path} is no field of a scenario`;
    if (!field.live) return `${path} applies when a run starts: reset to use ${JSON.stringify(value)}`;
    const result = setField(this.scenario, path, value);
    if (!result.ok) return result.message;
    this.scenario = result.scenario;
    applyLiveFields(this.machine.options, result.scenario);
    this.parts.control.pace = result.scenario.run.pace;
    this.noteChange(`${field.label} ${JSON.stringify(value)}`);
    this.wakeProgram();
    return null;
  }

  snapshot(): Snapshot {
    const { marks } = this;
    this.marks = [];
    return this.snapshots.take(this.driver.now(), this.config.wall(), marks);
  }

  /** The driver's counters, ours, and the recorder's. */
  counters(): Record<string, number> {
    return { ...this.machine.device.stats.toRecord(), ...this.recorder.counters() };
  }

  get eventHash(): string {
    return this.recorder.eventHash;
  }

  /** Time of the workload on the run's clock. */
  get modelSeconds(): number {
    return this.time.clockSeconds;
  }

  /** GPU time of all timed jobs. */
  get gpuSeconds(): number {
    return this.gpuNs / NS_PER_S;
  }

  get paused(): boolean {
    return this.parts.control.paused;
  }

  /** What is known about the page with this index, one fact a line. */
  explain(page: number): string[] {
    return explainPage(this.machine, this.pages, this.spans, page);
  }

  outcome(end: RunEnd): RunOutcome {
    const { progress } = this.parts;
    return {
      end,
      failure: progress.failure,
      verification: progress.verification,
      wrongLoads: progress.wrongLoads,
      steps: progress.steps,
      accesses: progress.accesses,
      seconds: this.time.wallSeconds,
    };
  }

  private programParts(workload: Workload): ProgramParts {
    const control = newControl();
    control.pace = this.scenario.run.pace;
    control.maxSteps = this.scenario.run.maxSteps;
    return {
      machine: this.machine,
      workload,
      oracle: new Oracle(workload.vmas, this.scenario.run.seed),
      control,
      progress: newProgress(),
      onPopulated: () => this.populated(),
      onRest: () => this.time.rest(),
      onVerifying: () => this.time.setAside(),
      onVerified: (verification) => this.verified(verification),
    };
  }

  /** What happened so far was set-up: counters and events start with the workload. */
  private populated(): void {
    this.machine.device.stats.reset();
    this.recorder.reset();
    this.time.begin();
  }

  private goOn(): void {
    this.time.goOn();
    this.wakeProgram();
  }

  private verified(verification: Verification): void {
    this.time.work();
    this.verifiers.resolve(verification);
  }

  private endPatience(): void {
    if (this.patience !== null) clearTimeout(this.patience);
    this.patience = null;
  }

  private noteChange(text: string): void {
    this.marks.push(text);
    if (this.changes.length < MAX_CHANGES) this.changes.push(`${text} at ${this.modelSeconds.toFixed(3)} s`);
  }

  private completed(_job: Job, completion: Completion): void {
    this.gpuNs += completion.gpuNs ?? 0;
  }

  /** The program may wait for a change of its control; the driver may sleep. */
  private wakeProgram(): void {
    this.parts.control.changed.wakeAll();
    this.driver.poke();
  }
}
