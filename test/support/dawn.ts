// GPU test cases on Dawn: one executor per configuration and file, zeroed before each case, error scopes around each case.
//
// The kind of adapter is `software` unless PAGEFERRY_ADAPTER says `hardware` or `any`, so that all machines test the same.
import { afterAll, expect, test } from 'vitest';
import type { Command } from '../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../src/engine/plan/executor.ts';
import type { Completion } from '../../src/engine/plan/job.ts';
import { chooseAdapter, type AdapterKind } from '../../src/engine/gpu/adapter.ts';
import { createGpuExecutor, type GpuExecutor, type GpuOptions } from '../../src/engine/gpu/gpu-executor.ts';
import { createNodeGpu } from '../../src/engine/gpu/node.ts';
import { GpuUnavailable } from '../../src/engine/gpu/unavailable.ts';

export const ADAPTER = (process.env.PAGEFERRY_ADAPTER ?? 'software') as AdapterKind;

export const gpu = await createNodeGpu();

const probe = await chooseAdapter(gpu, ADAPTER);
/** Why there is nothing to test on; null when there is. */
const missing =
  probe instanceof GpuUnavailable
    ? `${probe.message} Install chromium for its software driver, or set PAGEFERRY_ADAPTER=hardware.`
    : null;

/** `it` for cases that open executors of their own; skipped, saying how to enable them, where there is no adapter. */
export const gpuIt = test.skipIf(missing !== null);

/** One job a call, in order. */
export class TestBench {
  readonly executor: GpuExecutor;
  #seq = 0;

  constructor(executor: GpuExecutor) {
    this.executor = executor;
  }

  /** Runs the commands as one job and returns its completion. */
  async run(...commands: Command[]): Promise<Completion> {
    return this.runJob(commands, false);
  }

  async runTimed(...commands: Command[]): Promise<Completion> {
    return this.runJob(commands, true);
  }

  async runJob(commands: Command[], timed: boolean): Promise<Completion> {
    this.submit(commands, timed);
    await this.executor.settled();
    const [completion, ...others] = this.executor.take();
    if (completion === undefined || others.length > 0) throw new Error(`${others.length + 1} completions, wanted one`);
    return completion;
  }

  /** Submits without waiting; the number of the job. */
  submit(commands: Command[], timed = false): number {
    const seq = ++this.#seq;
    this.executor.submit({ seq, queue: 'test', label: expect.getState().currentTestName ?? 'test', commands, timed });
    return seq;
  }

  /** Waits for everything that was submitted. */
  async drain(count: number): Promise<Completion[]> {
    const done: Completion[] = [];
    while (done.length < count) {
      await this.executor.settled();
      done.push(...this.executor.take());
    }
    return done;
  }
}

/** An executor of its own, for cases that break it; throws where there is none. */
export async function openExecutor(config: ExecutorConfig, options: GpuOptions = {}): Promise<GpuExecutor> {
  const executor = await createGpuExecutor(gpu, config, { adapter: ADAPTER, ...options });
  if (executor instanceof GpuUnavailable) throw new Error(`${executor.reason}: ${executor.message}`);
  return executor;
}

const benches = new Map<string, TestBench>();

async function benchFor(config: ExecutorConfig, options: GpuOptions): Promise<TestBench> {
  const key = JSON.stringify([config, options]);
  const found = benches.get(key) ?? new TestBench(await openExecutor(config, options));
  benches.set(key, found);
  return found;
}

async function zero(bench: TestBench): Promise<void> {
  const spaces = bench.executor.config.spaces;
  await bench.run(...spaces.map(({ pages }, space): Command => ({ op: 'fill', space, frame: 0, pages, pattern: 0 })));
}

afterAll(() => {
  for (const bench of benches.values()) bench.executor.destroy();
  benches.clear();
});

/** Runs `body` inside error scopes of `device`: any error that WebGPU reports fails the case. */
export async function scoped(device: GPUDevice, body: () => Promise<void>): Promise<void> {
  const filters = ['validation', 'out-of-memory', 'internal'] as const;
  for (const filter of filters) device.pushErrorScope(filter);
  try {
    await body();
  } finally {
    const errors = await Promise.all(filters.map(() => device.popErrorScope()));
    expect(errors.map((error) => error?.message ?? null)).toEqual([null, null, null]);
  }
}

/** A test case with a zeroed executor; skipped, saying how to enable it, where there is no adapter. */
export function gpuTest(
  name: string,
  config: ExecutorConfig,
  body: (bench: TestBench) => Promise<void>,
  options: GpuOptions = {},
): void {
  test.skipIf(missing !== null)(missing === null ? name : `${name} (${missing})`, async () => {
    const bench = await benchFor(config, options);
    await scoped(bench.executor.device, async () => {
      await zero(bench);
      await body(bench);
    });
  });
}
