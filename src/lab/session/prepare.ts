// From a scenario to everything that a run needs, sized for an adapter; defaults step down, what a user gave never does.
import { MIB } from '../../base/units.ts';
import { present } from '../../base/assert.ts';
import { warning, type Warning } from '../measure/warnings.ts';
import { createWorkload } from '../workload/create.ts';
import type { AccessTrace } from '../trace/access-trace.ts';
import type { Workload } from '../workload/workload.ts';
import { chunkWarning, parseScenario, refusal, type Refusal, type Scenario } from './scenario.ts';
import { parseVram } from './scenario-sizes.ts';
import { checkSizes, sizesOf, type Sizes } from './sizing.ts';

export interface Prepared {
  readonly ok: true;
  /** The scenario that really runs: the default footprint may have been stepped down. */
  readonly scenario: Scenario;
  readonly workload: Workload;
  readonly sizes: Sizes;
  readonly warnings: readonly Warning[];
}

/** The smallest footprint that stepping down reaches. */
const MIN_FOOTPRINT = 4 * MIB;

/**
 * Prepares a run on an adapter whose buffers hold `maxSpacePages` each. `given` are the paths of fields that the user
 * set: those are refused when too large, where defaults are halved with a warning (design.md §8 Sizes).
 */
export function prepareRun(
  scenario: Scenario,
  trace: AccessTrace | null,
  maxSpacePages: number,
  given: ReadonlySet<string>,
): Prepared | Refusal {
  const workload = createWorkload(scenario, trace);
  if (workload === null) return refusal('workload.name', 'trace', 'a trace file beside it');
  const sizes = sizesOf(workload, present(parseVram(scenario.machine.vram), 'VRAM'));
  const problem = checkSizes(sizes, maxSpacePages, scenario.machine.vram);
  if (problem === null) return { ok: true, scenario, workload, sizes, warnings: warningsOf(scenario) };
  const smaller = given.has('workload.footprintBytes') || given.has('machine.vram') ? null : halved(scenario);
  if (smaller === null) return refusal(problem.field, problem.given, problem.allowed);
  const prepared = prepareRun(smaller, trace, maxSpacePages, given);
  return prepared.ok
    ? { ...prepared, warnings: [steppedDown(scenario, prepared.scenario), ...warningsOf(scenario)] }
    : prepared;
}

function halved(scenario: Scenario): Scenario | null {
  const footprintBytes = scenario.workload.footprintBytes / 2;
  if (scenario.workload.name === 'trace' || footprintBytes < MIN_FOOTPRINT) return null;
  const result = parseScenario({ ...scenario, workload: { ...scenario.workload, footprintBytes } });
  return result.ok ? result.scenario : null;
}

function steppedDown(from: Scenario, to: Scenario): Warning {
  const mib = (s: Scenario): number => s.workload.footprintBytes / MIB;
  return warning(
    'vram-stepped-down',
    `the default footprint of ${mib(from)} MiB became ${mib(to)} MiB to fit the adapter`,
  );
}

function warningsOf(scenario: Scenario): Warning[] {
  const chunks = chunkWarning(scenario);
  return chunks === null ? [] : [warning('chunk-ladder', chunks)];
}
