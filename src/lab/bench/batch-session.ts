// The program of a run that serves one batch of faults after another, with what it is compared with in the same rounds.
import { assert } from '../../base/assert.ts';
import type { Rng } from '../../base/rng.ts';
import { NS_PER_MS, type Frame } from '../../base/units.ts';
import { ACCESS_RESULT_WORDS, SYSTEM_SPACE, VRAM_SPACE, type Command } from '../../engine/plan/commands.ts';
import type { Op } from '../../model/sched/op.ts';
import { shuffled } from '../measure/sampler.ts';
import { median } from '../measure/stats.ts';
import { runCpuList } from '../session/cpu-client.ts';
import { runGpuLists } from '../session/gpu-client.ts';
import type { Machine } from '../session/machine.ts';
import { populate } from '../session/populate.ts';
import type { ProgramParts } from '../session/program.ts';
import type { RunConfig } from '../session/run.ts';
import type { AccessList } from '../workload/workload.ts';
import type { DeviceCalls, JobTimes, ObservedExecutor } from './observed-executor.ts';

/** Rounds that warm up: first touches, first tables, first use of every pipeline. */
const WARM_ROUNDS = 3;
/** Bare trips of a round; their median counts. */
const BARE_TRIPS = 3;

/** One batch, in wall milliseconds; `copy` on the device's clock where it has one. */
export interface BatchSample {
  /** From the submission of the access until the completion of the replay is in hand. */
  readonly total: number;
  /** The smallest job that reads something back. */
  readonly bare: number;
  /** Until the fault records are in hand. */
  readonly ring: number;
  /** The model's code after that. */
  readonly service: number;
  /** The pages of the batch, copied by one job alone. */
  readonly copy: number;
  /** Validating, encoding and submitting the jobs of the service and the replay. */
  readonly handover: number;
  /** The rest after the ring: waiting for the device. */
  readonly waits: number;
  /** Null where nobody counts them (the twin). */
  readonly calls: DeviceCalls | null;
  readonly jobs: number;
}

export interface BatchSessionConfig {
  readonly executor: ObservedExecutor;
  readonly calls: Readonly<DeviceCalls> | null;
  /** One access a page; every one of them faults. */
  readonly list: AccessList;
  readonly wait: 'wait' | 'pipelined';
  /** Frames of VRAM that the model does not know. */
  readonly scratch: { readonly frame: Frame; readonly pages: number };
  readonly rounds: number;
  readonly rng: Rng;
  readonly goOn: () => boolean;
}

type Stretch = readonly [fromMs: number, toMs: number];

export class BatchSession {
  readonly samples: BatchSample[] = [];
  /** Copies were timed by the device's clock. */
  gpuCopies = false;
  readonly #config: BatchSessionConfig;
  readonly #copies: readonly Command[];
  #slices: Stretch[] = [];

  constructor(config: BatchSessionConfig) {
    this.#config = config;
    this.#copies = scatteredCopies(config);
  }

  get executor(): ObservedExecutor {
    return this.#config.executor;
  }

  /** What a run needs in order to be driven by this session. */
  hooks(wall: () => number): Pick<RunConfig, 'program' | 'onSlice' | 'wall'> {
    return {
      wall,
      program: (parts) => this.#program(parts),
      onSlice: (fromMs, toMs) => this.#slices.push([fromMs, toMs]),
    };
  }

  *#program(parts: ProgramParts): Op<void> {
    const { machine, workload, oracle, progress, control } = parts;
    const { rounds, goOn } = this.#config;
    yield* populate(machine.world, machine.mm, workload.vmas, oracle);
    progress.populated = true;
    parts.onPopulated();
    for (let round = 0; round < WARM_ROUNDS + rounds && goOn() && !control.stopRequested; round++) {
      const sample = yield* this.#round(parts);
      if (progress.failure !== null) return;
      if (round >= WARM_ROUNDS) this.samples.push(sample);
    }
  }

  *#round(parts: ProgramParts): Op<BatchSample> {
    const { machine } = parts;
    machine.options.waitMode = this.#config.wait;
    const trips: number[] = [];
    for (let trip = 0; trip < BARE_TRIPS; trip++) trips.push(spanOf(yield* this.#job(machine, 'bare', [READ_ONE])));
    const bare = median(trips);
    const copy = yield* this.#copyAlone(machine, bare);
    const batch = yield* this.#batch(parts);
    yield* this.#bringHome(parts);
    return { ...batch, bare, copy };
  }

  *#job(machine: Machine, label: string, commands: readonly Command[], timed = false): Op<JobTimes> {
    this.executor.forget();
    yield* machine.world.jobs.submit('compute', label, commands, timed).wait();
    return this.executor.jobs[0] as JobTimes;
  }

  /** Without a clock on the device: what the job takes beyond a bare trip. */
  *#copyAlone(machine: Machine, bare: number): Op<number> {
    const job = yield* this.#job(machine, 'copy alone', this.#copies, true);
    this.gpuCopies = job.gpuNs !== null;
    return job.gpuNs === null ? Math.max(0, spanOf(job) - bare) : job.gpuNs / NS_PER_MS;
  }

  *#batch({ machine, oracle, progress }: ProgramParts): Op<Omit<BatchSample, 'bare' | 'copy'>> {
    const { list, calls } = this.#config;
    const { stats } = machine.device;
    const faultsBefore = stats.toRecord()['x_fault_records'] ?? 0;
    const before = calls === null ? null : { ...calls };
    this.executor.forget();
    this.#slices = [];
    const { results, failure } = yield* runGpuLists(machine, [list]);
    progress.failure ??= failure;
    const sample = this.#sampleOf(before);
    progress.wrongLoads += oracle.wrongLoads(list, results, ACCESS_RESULT_WORDS, 1);
    oracle.apply({ label: 'batch', gpu: list, cpu: null });
    const faults = (stats.toRecord()['x_fault_records'] ?? 0) - faultsBefore;
    assert(failure !== null || faults === list.count, () => `${faults} faults in a batch of ${list.count}`);
    return sample;
  }

  #sampleOf(before: DeviceCalls | null): Omit<BatchSample, 'bare' | 'copy'> {
    const { jobs, handOvers } = this.executor;
    const first = jobs[0] as JobTimes;
    const end = (jobs.at(-1) as JobTimes).doneMs;
    const total = end - first.submittedMs;
    const ring = spanOf(first);
    const service = within(this.#slices, first.doneMs, end);
    const handover = within(handOvers, first.doneMs, end);
    const waits = Math.max(0, total - ring - service - handover);
    return { total, ring, service, handover, waits, calls: since(before, this.#config.calls), jobs: jobs.length };
  }

  /** The CPU touches every page, so that the next batch finds all of them in system memory again; nobody waits between. */
  *#bringHome({ machine, oracle, progress }: ProgramParts): Op<void> {
    const { list } = this.#config;
    machine.options.waitMode = 'pipelined';
    const { values, failure } = yield* runCpuList(machine.world, machine.mm, list);
    progress.failure ??= failure;
    progress.wrongLoads += oracle.wrongLoads(list, values, 1, 0);
    oracle.apply({ label: 'home', gpu: null, cpu: list });
  }
}

const READ_ONE: Command = { op: 'readback', space: VRAM_SPACE, frame: 0, pages: 1 };

/** As many pages as a batch moves, from and to places in no order. */
function scatteredCopies({ scratch, rng }: BatchSessionConfig): Command[] {
  const numbers = Array.from({ length: scratch.pages }, (_, i) => i);
  const from = shuffled(numbers, rng);
  const to = shuffled(numbers, rng);
  return numbers.map((i) => ({
    op: 'copy',
    srcSpace: SYSTEM_SPACE,
    srcFrame: from[i] as number,
    dstSpace: VRAM_SPACE,
    dstFrame: scratch.frame + (to[i] as number),
    pages: 1,
  }));
}

function spanOf({ submittedMs, doneMs }: JobTimes): number {
  return doneMs - submittedMs;
}

/** Time of stretches that lies in [from, to). */
function within(stretches: readonly Stretch[], from: number, to: number): number {
  return stretches.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
}

function since(before: DeviceCalls | null, now: Readonly<DeviceCalls> | null): DeviceCalls | null {
  if (before === null || now === null) return null;
  return { submits: now.submits - before.submits, maps: now.maps - before.maps, waits: now.waits - before.waits };
}
