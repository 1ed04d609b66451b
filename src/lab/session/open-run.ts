// From what the page asks for to a run that can be driven, or to the reason why not; nothing half-done is left behind.
import type { Executor } from '../../engine/plan/executor.ts';
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { TraceError, type AccessTrace } from '../trace/access-trace.ts';
import { openTrace } from '../trace/open.ts';
import type { WallClock } from './clock.ts';
import { executorConfig } from './machine.ts';
import { chooseExecutor, openExecutor, systemPagesOf, TWIN, type ChosenAdapter } from './open-executor.ts';
import { prepareRun, type Prepared } from './prepare.ts';
import { Run } from './run.ts';
import { parseScenario, type Scenario } from './scenario.ts';
import { getField, scenarioFields } from './scenario-fields.ts';

/** A run beside everything that it was made from. Whoever drives it destroys the executor. */
export interface Opened {
  readonly run: Run;
  readonly executor: Executor;
  readonly prepared: Prepared;
  /** Why it is the twin although that was not asked for; null otherwise. */
  readonly fallback: string | null;
}

/** The field that was refused, and why. */
export interface Refused {
  readonly refused: string;
  readonly message: string;
}

interface Host {
  readonly gpu: GPU | undefined;
  readonly wall: WallClock;
}

interface TraceFile {
  readonly name: string;
  readonly bytes: ArrayBuffer;
}

/** Opens a live run of `input` (a scenario from outside). Rejects on bugs only. */
export async function openRun(host: Host, input: unknown, file: TraceFile | null): Promise<Opened | Refused> {
  const parsed = parseScenario(input);
  if (!parsed.ok) return { refused: parsed.field, message: parsed.message };
  const trace = await readTrace(file);
  if (trace instanceof TraceError) return { refused: 'trace', message: trace.message };
  const chosen = await chooseExecutor(host.gpu, parsed.scenario.engine.adapter);
  if (chosen instanceof GpuUnavailable) return { refused: 'engine.adapter', message: chosen.message };
  return openOn(host, parsed.scenario, trace, chosen);
}

async function openOn(
  host: Host,
  wanted: Scenario,
  trace: AccessTrace | null,
  chosen: ChosenAdapter,
): Promise<Opened | Refused> {
  const prepared = prepareRun(wanted, trace, chosen, givenFields(wanted));
  if (!prepared.ok) return { refused: prepared.field, message: prepared.message };
  const config = executorConfig(prepared.scenario, prepared.sizes);
  const executor = await openExecutor(host.gpu, chosen, config, systemPagesOf(prepared.scenario));
  if (executor instanceof GpuUnavailable) {
    // An adapter may be there and give no device: "auto" ends at the twin all the same.
    if (executor.reason === 'refused' && wanted.engine.adapter === 'auto')
      return openOn(host, wanted, trace, { ...TWIN, fallback: executor.message });
    return { refused: 'engine.adapter', message: executor.message };
  }
  const { scenario, sizes, workload } = prepared;
  try {
    const run = new Run({ scenario, sizes, workload, executor, wall: host.wall, pictures: true });
    return { run, executor, prepared, fallback: chosen.fallback };
  } catch (error) {
    executor.destroy();
    throw error;
  }
}

async function readTrace(file: TraceFile | null): Promise<AccessTrace | null | TraceError> {
  if (file === null) return null;
  try {
    return await openTrace(file.name, new Uint8Array(file.bytes));
  } catch (error) {
    if (error instanceof TraceError) return error;
    throw error;
  }
}

/** The page sends whole scenarios: what differs from the default was given by somebody, and is never stepped down. */
function givenFields(scenario: Scenario): Set<string> {
  const given = scenarioFields().filter(({ path, defaultValue }) => getField(scenario, path) !== defaultValue);
  return new Set(given.map(({ path }) => path));
}
