// One run: composes machine, workload and executor, drives them, and answers for what happened.
import { NS_PER_S } from '../../base/units.ts';
import type { Executor } from '../../engine/plan/executor.ts';
import type { Completion, Job } from '../../engine/plan/job.ts';
import type { EventSink } from '../../model/event/event.ts';
import { Recorder } from '../measure/recorder.ts';
import { Oracle } from '../workload/oracle.ts';
import type { Workload } from '../workload/workload.ts';
import type { WallClock } from './clock.ts';
import { Driver } from './driver.ts';
import { applyLiveFields, buildMachine, type Machine } from './machine.ts';
import { PageIndex } from './page-index.ts';
import { newControl, newProgress, runProgram, verifyNow, type ProgramParts } from './program.ts';
import { explainPage } from './explain-page.ts';
import type { Snapshot } from './protocol.ts';
import type { Scenario } from './scenario.ts';
import { fieldAt, setField } from './scenario-fields.ts';
import type { Sizes } from './sizing.ts';
import { Snapshots } from './snapshot.ts';
import { SpanLog } from './span-log.ts';
import type { Verification } from './verify.ts';

export interface RunConfig {
  readonly scenario: Scenario;
  readonly sizes: Sizes;
  readonly workload: Workload;
  readonly executor: Executor;
  /** Monotonic wall milliseconds. */
  readonly wall: WallClock;
  /** Collects spans and log lines for pictures; headless runs leave it out. */
  readonly pictures?: boolean;
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
  /** Wall seconds of the workload, population and verification left out. */
  readonly seconds: number;
}

/** Forwards events to several sinks. */
class Sinks implements EventSink {
  readonly all: EventSink[] = [];

  emit(now: number, event: Parameters<EventSink['emit']>[1]): void {
    for (const sink of this.all) sink.emit(now, event);
  }
}

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
  private startedMs = 0;
  private endedMs: number | null = null;
  private gpuNs = 0;
  private populatedNs = 0;
  private endedNs: number | null = null;
  private waitingForVerification: ((verification: Verification) => void)[] = [];

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
    });
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
    const { sched } = this.machine.world;
    this.startedMs = this.config.wall();
    const program = sched.spawn('program', runProgram(this.parts));
    await this.driver.run(() => program.done);
    this.endedMs = this.config.wall();
    this.endedNs = this.driver.now();
    const { control, progress } = this.parts;
    if (program.done && progress.failure === null && this.scenario.run.verify) {
      const verify = sched.spawn('verify', verifyNow(this.parts));
      await this.driver.run(() => verify.done);
    }
    return this.outcome(progress.failure !== null ? 'failed' : control.stopRequested ? 'cancelled' : 'done');
  }

  pause(): void {
    this.parts.control.paused = true;
    this.driver.pause();
  }

  resume(): void {
    this.parts.control.paused = false;
    this.driver.resume();
    this.wakeProgram();
  }

  /** Runs one step of the workload, then stays paused. */
  stepOnce(): void {
    this.parts.control.paused = true;
    this.parts.control.stepsAllowed++;
    this.driver.resume();
    this.wakeProgram();
  }

  /** Ends the workload after the current step. */
  cancel(): void {
    this.parts.control.stopRequested = true;
    this.driver.resume();
    this.wakeProgram();
  }

  /** Ends everything now; nothing is verified. */
  abandon(): void {
    this.parts.control.stopRequested = true;
    this.driver.stop();
  }

  /** Compares every page with the oracle between two steps, while the run goes on. */
  verify(): Promise<Verification> {
    this.parts.control.verifyRequested = true;
    this.wakeProgram();
    return new Promise((resolve) => this.waitingForVerification.push(resolve));
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
    this.marks.push(`${field.label} ${JSON.stringify(value)}`);
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
    return ((this.endedNs ?? this.driver.now()) - this.populatedNs) / NS_PER_S;
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
      seconds: ((this.endedMs ?? this.config.wall()) - this.startedMs) / 1000,
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
      onVerified: (verification) => this.verified(verification),
    };
  }

  /** What happened so far was set-up: counters and events start with the workload. */
  private populated(): void {
    this.machine.device.stats.reset();
    this.recorder.reset();
    this.populatedNs = this.driver.now();
    this.startedMs = this.config.wall();
  }

  private verified(verification: Verification): void {
    const waiting = this.waitingForVerification;
    this.waitingForVerification = [];
    for (const resolve of waiting) resolve(verification);
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
