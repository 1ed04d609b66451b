// The one schema of a run: types, defaults, controls, URL keys, command-line flags and the report's scenario all come from it.
import * as v from 'valibot';
import { KIB, MIB, PAGE_SIZE } from '../../base/units.ts';
import * as field from './scenario-leaf.ts';
import { UPLOAD_PATHS } from '../../engine/plan/commands.ts';
import { contradiction } from './contradictions.ts';
import { refusal, type Refusal } from './refusal.ts';
import { formatChunks } from './scenario-sizes.ts';

const U32_MAX = 0xffffffff;
const DAY_MS = 86_400_000;
/** The TLB model's and the fault ring's limits (engine/plan/validate.ts). */
const MAX_TLB_LINES = 2 ** 24;
const MAX_FAULT_RECORDS = 2 ** 20;
const MAX_BATCH = 65_536;

const machine = v.strictObject({
  vram: field.vramSize('50%', {
    key: 'vram',
    label: 'VRAM',
    help: 'Data memory of the device: a size, or a percentage of the bytes that the workload maps.',
  }),
  systemMemory: field.pageBytesOrNull('enough', {
    key: 'system-memory',
    label: 'System memory',
    help: 'Memory of the machine; "enough" holds everything that the workload maps.',
  }),
});

const workload = v.strictObject({
  name: field.choice(['sweep', 'random', 'ping-pong', 'trace'], 'sweep', {
    key: 'workload',
    label: 'Workload',
    help: 'Which accesses are made, and by whom.',
  }),
  footprintBytes: field.pageBytes(64 * MIB, {
    key: 'footprint',
    label: 'Footprint',
    help: 'Memory that a generated workload maps; a trace brings its own.',
  }),
  batch: field.integer(1024, 1, MAX_BATCH, {
    key: 'batch',
    label: 'Batch',
    unit: 'accesses',
    help: 'Most accesses of one step: they may run at the same time and in any order.',
  }),
  writePercent: field.integer(50, 0, 100, {
    key: 'writes',
    label: 'Writes',
    unit: '%',
    help: 'Share of accesses that store.',
  }),
  atomicPercent: field.integer(0, 0, 100, {
    key: 'atomics',
    label: 'Atomics',
    unit: '%',
    help: 'Share of accesses that are atomic adds; only these start the device-only timeslice.',
  }),
  stridePages: field.integer(1, 1, 65_536, {
    key: 'stride',
    label: 'Stride',
    unit: 'pages',
    help: 'Distance between successive accesses of a sweep.',
  }),
  cpuPercent: field.integer(25, 0, 100, {
    key: 'cpu',
    label: 'CPU share',
    unit: '%',
    help: 'Share of touches that the CPU makes in ping-pong.',
  }),
  side: field.choice(['gpu', 'cpu'], 'gpu', {
    key: 'as',
    label: 'Replay as',
    help: 'Who makes the accesses of a trace.',
  }),
});

const migration = v.strictObject({
  chunks: field.chunkLadder([2 * MIB, 64 * KIB, PAGE_SIZE], {
    key: 'chunks',
    label: 'Chunk ladder',
    live: true,
    help: 'Sizes tried for a range, largest first.',
  }),
  timeslice: v.optional(
    v.strictObject({
      deviceOnlyMs: field.amount(5, DAY_MS, 1, {
        key: 'timeslice-device-only',
        label: 'Timeslice of device-only faults',
        unit: 'ms',
        live: true,
        help: 'How long pages stay in VRAM after a fault that only VRAM can serve (an atomic); doubles with each retry.',
      }),
      overrideMs: field.amountOrNull(DAY_MS, 1, 'driver', {
        key: 'timeslice',
        label: 'Timeslice of every migration',
        unit: 'ms',
        live: true,
        help: 'Time that pages stay in VRAM before the CPU gets them back; "driver" keeps the rule of the driver.',
      }),
    }),
    {},
  ),
  minMigrateBytes: field.pageBytes(PAGE_SIZE, {
    key: 'min-migrate',
    label: 'Smallest migration',
    live: true,
    help: 'Ranges below this stay in system memory (64K on devices that need 64 KiB VRAM pages).',
  }),
});

const policy = v.strictObject({
  profile: field.choice(['V70'], 'V70', {
    key: 'profile',
    label: 'Driver generation',
    help: 'Behaviour of which kernel release of the Xe driver.',
  }),
  preset: field.choice(['xe-gpusvm'], 'xe-gpusvm', {
    key: 'preset',
    label: 'Policy',
    help: 'Vendor policy over the six decision points.',
  }),
  quirks: field.choice(['faithful'], 'faithful', {
    key: 'quirks',
    label: 'Quirks',
    help: 'Known oddities of the driver are reproduced.',
  }),
  mergeSamePage: field.yesNo(false, {
    key: 'merge-same-page',
    label: 'Merge faults of a page',
    help: 'Service waiting faults on the same page once.',
  }),
});

const engine = v.strictObject({
  adapter: field.choice(['auto', 'hardware', 'software', 'twin'], 'auto', {
    key: 'adapter',
    label: 'Adapter',
    help: 'What runs the jobs: a hardware GPU, a CPU that emulates one, or the TypeScript twin.',
  }),
  copyMode: field.choice(['translated', 'physical'], 'translated', {
    key: 'copy-mode',
    label: 'Copy mode',
    help: 'translated: copies walk the page tables of the copy engine, as the hardware does; physical: by page numbers.',
  }),
  segmentBytes: field.pageBytesOrNull('largest', {
    key: 'segment',
    label: 'Segment',
    help: 'Bytes of one buffer, a power of two: larger memory is split over several. "largest" is what the adapter binds well.',
  }),
  uploadPath: field.choice(UPLOAD_PATHS, 'writeBuffer', {
    key: 'upload-path',
    label: 'Upload path',
    help: "Way of host pages to the device: the queue's own write, or copies out of mapped staging buffers.",
  }),
  wait: field.choice(['wait', 'pipelined'], 'wait', {
    key: 'wait',
    label: 'Waiting',
    live: true,
    help: 'wait: the handler waits for each copy, as the kernel does; pipelined: it relies on the order of the queue.',
  }),
  tlbLines: field.powerOfTwoOrZero(1024, MAX_TLB_LINES, {
    key: 'tlb-lines',
    label: 'TLB lines',
    help: 'Size of the TLB model; 0 leaves it out.',
  }),
  faultCapacity: field.integer(MAX_BATCH, 1, MAX_FAULT_RECORDS, {
    key: 'fault-capacity',
    label: 'Fault ring',
    unit: 'records',
    help: 'Faults that the ring holds; more are dropped, counted and raised again.',
  }),
});

const run = v.strictObject({
  clock: field.choice(['live', 'model'], 'live', {
    key: 'clock',
    label: 'Clock',
    help: 'live: wall time; model: costs charged by the model, the same on every machine.',
  }),
  systemPages: field.choice(['device', 'host'], 'device', {
    key: 'system-pages',
    label: 'System pages',
    help: 'device: in a second buffer of the device; host: in host memory, moved by uploads and readbacks.',
  }),
  seed: field.integer(1, 0, U32_MAX, { key: 'seed', label: 'Seed', help: 'Decides contents and random choices.' }),
  pace: field.amount(0, 1_000_000, 1, {
    key: 'pace',
    label: 'Pace',
    unit: 'steps/s',
    live: true,
    help: 'Steps of the workload a second; 0 is as fast as possible.',
  }),
  verify: field.yesNo(true, { key: 'verify', label: 'Verify', help: 'Compare every page with the oracle at the end.' }),
  maxSteps: field.integerOrNull(1, Number.MAX_SAFE_INTEGER, 'all', {
    key: 'steps',
    label: 'Steps',
    help: 'Stop after so many steps of the workload.',
  }),
});

export const ScenarioSchema = v.strictObject({
  machine: v.optional(machine, {}),
  workload: v.optional(workload, {}),
  migration: v.optional(migration, {}),
  policy: v.optional(policy, {}),
  engine: v.optional(engine, {}),
  run: v.optional(run, {}),
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Everything that decides a run: plain data. */
export type Scenario = DeepReadonly<v.InferOutput<typeof ScenarioSchema>>;

export const DEFAULT_SCENARIO: Scenario = v.parse(ScenarioSchema, {});

export type ScenarioResult = { readonly ok: true; readonly scenario: Scenario } | Refusal;

/** A scenario from untrusted data. Missing fields take their defaults; the first thing wrong is the refusal. */
export function parseScenario(input: unknown): ScenarioResult {
  const result = v.safeParse(ScenarioSchema, input);
  if (!result.success) return explain(result.issues[0]);
  return contradiction(result.output) ?? { ok: true, scenario: result.output };
}

/** Why a ladder deserves a warning; null when it does not. The command line refuses such ladders (design.md §8). */
export function chunkWarning(scenario: Scenario): string | null {
  const { chunks } = scenario.migration;
  if (chunks.includes(PAGE_SIZE)) return null;
  return `the chunk ladder ${formatChunks(chunks)} lacks 4K: faults that only a single page can serve will fail`;
}

function explain(issue: v.BaseIssue<unknown>): Refusal {
  const path = v.getDotPath(issue) ?? 'scenario';
  const { schema, at } = innermost(path.split('.'));
  const info = field.leafInfo(schema);
  if (info !== undefined) return refusal(at, valueAt(issue, at), info.allowed);
  const known = 'entries' in schema ? Object.keys(schema.entries as object).join(', ') : 'an object';
  if (issue.expected === 'never') return { ...refusal(path, issue.input, known), message: unknownField(path, known) };
  return refusal(path, issue.input, `an object with ${known}`);
}

function unknownField(path: string, known: string): string {
  return `${path} is no field of a scenario, allowed: ${known}`;
}

/** Issues inside a ladder name an element; people are told about the ladder. */
function valueAt(issue: v.BaseIssue<unknown>, at: string): unknown {
  const item = issue.path?.[at.split('.').length - 1];
  return item === undefined ? issue.input : item.value;
}

/** Follows the path as far as the schema goes. */
function innermost(path: readonly string[]): { schema: v.GenericSchema; at: string } {
  let schema: v.GenericSchema = ScenarioSchema;
  const at: string[] = [];
  for (const step of path) {
    const entry = childOf(schema, step);
    if (entry === undefined) break;
    schema = entry;
    at.push(step);
  }
  return { schema, at: at.join('.') };
}

/** The schema of a field or group below `schema`, its default unwrapped; undefined where there is none. */
export function childOf(schema: v.GenericSchema, name: string): v.GenericSchema | undefined {
  if (!('entries' in schema)) return undefined;
  const entry = (schema.entries as Record<string, v.GenericSchema | undefined>)[name];
  return entry === undefined ? undefined : field.withoutDefault(entry);
}
