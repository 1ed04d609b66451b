// Runs a scenario to its end in tests, on the twin or on a given executor.
import { createTwinExecutor, type TwinOptions } from '../../src/engine/twin/twin-executor.ts';
import type { Executor, ExecutorConfig } from '../../src/engine/plan/executor.ts';
import { executorConfig } from '../../src/lab/session/machine.ts';
import { TWIN } from '../../src/lab/session/open-executor.ts';
import { prepareRun, type Prepared } from '../../src/lab/session/prepare.ts';
import { Run, type RunOutcome } from '../../src/lab/session/run.ts';
import { parseScenario, type Scenario } from '../../src/lab/session/scenario.ts';
import type { AccessTrace } from '../../src/lab/trace/access-trace.ts';

export interface Finished {
  readonly run: Run;
  readonly outcome: RunOutcome;
  readonly prepared: Prepared;
}

type Groups = { readonly [K in keyof Scenario]?: Record<string, unknown> };

/** A scenario from the groups that a test cares about; the clock is the model's unless said otherwise. */
export function scenarioOf(groups: Groups): Scenario {
  const result = parseScenario({ ...groups, run: { clock: 'model', ...groups.run } });
  if (!result.ok) throw new Error(result.message);
  return result.scenario;
}

export function prepare(scenario: Scenario, trace: AccessTrace | null = null): Prepared {
  const prepared = prepareRun(scenario, trace, TWIN, new Set());
  if (!prepared.ok) throw new Error(prepared.message);
  return prepared;
}

/** Runs `scenario` on what `open` gives for its memory. */
export async function runOn(
  scenario: Scenario,
  open: (config: ExecutorConfig) => Executor | Promise<Executor>,
  trace: AccessTrace | null = null,
): Promise<Finished> {
  const prepared = prepare(scenario, trace);
  const executor = await open(executorConfig(prepared.scenario, prepared.sizes));
  const { sizes, workload } = prepared;
  const run = new Run({ scenario: prepared.scenario, sizes, workload, executor, wall: () => performance.now() });
  try {
    return { run, outcome: await run.start(), prepared };
  } finally {
    executor.destroy();
  }
}

export function runOnTwin(
  scenario: Scenario,
  options: TwinOptions = {},
  trace: AccessTrace | null = null,
): Promise<Finished> {
  return runOn(scenario, (config) => createTwinExecutor(config, options), trace);
}
