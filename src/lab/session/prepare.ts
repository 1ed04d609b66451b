// From a scenario to everything that a run needs, sized for an adapter; defaults step down, what a user gave never does.
import { MIB, PAGE_SIZE, vaHi, vaLo } from '../../base/units.ts';
import { present } from '../../base/assert.ts';
import type { SpaceSizes } from '../../engine/gpu/adapter.ts';
import { warning, type Warning } from '../measure/warnings.ts';
import { createWorkload } from './create-workload.ts';
import type { AccessTrace } from '../trace/access-trace.ts';
import type { VmaSpec, Workload } from '../workload/workload.ts';
import { USER_SPACE_PAGES } from './machine.ts';
import { refusal, type Refusal } from './refusal.ts';
import { chunkWarning, parseScenario, type Scenario } from './scenario.ts';
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
/** Whoever gave one of these wants exactly that. */
const SIZE_FIELDS = ['workload.footprintBytes', 'machine.vram', 'machine.systemMemory'];

/**
 * Prepares a run on an adapter with memory of these sizes. `given` are the paths of fields that the user
 * set: those are refused when too large, where defaults are halved with a warning (design.md §8 Sizes).
 */
export function prepareRun(
  scenario: Scenario,
  trace: AccessTrace | null,
  adapter: SpaceSizes,
  given: ReadonlySet<string>,
): Prepared | Refusal {
  const workload = createWorkload(scenario, trace);
  if (workload === null) return refusal('workload.name', 'trace', 'a trace file beside it');
  const outside = workload.vmas.find((vma) => vma.startVpn + vma.pages > USER_SPACE_PAGES);
  if (outside !== undefined) return refusal('trace', firstOutside(outside), 'addresses of user space, below 2^47');
  const { vram, systemMemory } = scenario.machine;
  const { segmentBytes } = scenario.engine;
  const segment = segmentBytes === null ? adapter.segmentPages : segmentBytes / PAGE_SIZE;
  const sizes = sizesOf(workload, present(parseVram(vram), 'VRAM'), systemMemory, segment);
  const problem = checkSizes(sizes, adapter, vram);
  if (problem === null) return { ok: true, scenario, workload, sizes, warnings: warningsOf(scenario) };
  const smaller = SIZE_FIELDS.some((path) => given.has(path)) ? null : halved(scenario);
  if (smaller === null) return refusal(problem.field, problem.given, problem.allowed);
  const prepared = prepareRun(smaller, trace, adapter, given);
  return prepared.ok
    ? { ...prepared, warnings: [steppedDown(scenario, prepared.scenario), ...warningsOf(scenario)] }
    : prepared;
}

/** Where an area leaves the mirrored part of the address space, as text. */
function firstOutside(vma: VmaSpec): string {
  const vpn = Math.max(vma.startVpn, USER_SPACE_PAGES);
  return `0x${vaHi(vpn).toString(16)}${vaLo(vpn).toString(16).padStart(8, '0')} (${vma.name})`;
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
