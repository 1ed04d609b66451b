// Report schema v1: what every run leaves behind, for people, for comparisons and for other programs.
//
// Compatibility: fields are only ever added, with defaults for older reports; a field that changes its meaning gets a
// new name. `schemaVersion` rises when an old reader would be misled, which these rules should make unnecessary.
import * as v from 'valibot';
import { EnvironmentSchema } from './environment.ts';
import { summarize, type Ratio } from './stats.ts';
import { WarningSchema, type Warning } from './warnings.ts';

export const REPORT_SCHEMA = 'pageferry-report';
export const REPORT_VERSION = 1;

const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const values = v.record(v.string(), v.union([v.string(), finite, v.boolean()]));

/** `gpu`: timestamps of the device; `wall`: the host's clock; `model`: the model's clock. Never added up. */
const SourceSchema = v.picklist(['gpu', 'wall', 'model']);
export type Source = v.InferOutput<typeof SourceSchema>;

/**
 * Median of the ratios of pairs from the same round, with the 95 % interval of that median by ranks (sign test; below six
 * pairs their range). Reports of 0.1.0 have a bootstrap interval.
 */
const RatioSchema = v.object({ median: finite, low: finite, high: finite, pairs: count });

const MetricSchema = v.object({
  id: v.string(),
  unit: v.string(),
  n: v.pipe(count, v.minValue(1)),
  median: finite,
  p05: finite,
  p95: finite,
  mad: finite,
  min: finite,
  source: SourceSchema,
  /** In the order in which they were taken, so that drift can be seen later. */
  samples: v.array(finite),
  /** How many of the samples each pass of --repeat gave, in order; absent where there was one pass. */
  passSizes: v.optional(v.array(count)),
  /** Values that the case depends on: chunk bytes, pages, repeats … */
  params: v.optional(values, {}),
  /** What one unit of the figure counts, e.g. which bytes. */
  convention: v.string(),
  /** Id of the metric that this one is to be compared with, measured side by side. */
  peer: v.optional(v.nullable(v.string()), null),
  /** Id of the metric that bounds this one from above. */
  limit: v.optional(v.nullable(v.string()), null),
  /** This over its peer, with a 95 % interval. */
  peerRatio: v.optional(v.nullable(RatioSchema), null),
  /** This over its limit, with a 95 % interval. */
  limitRatio: v.optional(v.nullable(RatioSchema), null),
  warnings: v.array(WarningSchema),
});

const RunSchema = v.object({
  kind: v.picklist(['live', 'replay', 'scenario', 'bench']),
  executor: v.picklist(['gpu', 'twin']),
  clock: v.picklist(['live', 'model']),
  copyMode: v.picklist(['translated', 'physical', 'both']),
  wait: v.picklist(['wait', 'pipelined', 'none']),
  /** Where system pages live. 'device': in a second buffer of the device, so copies are no PCIe transfers. */
  systemPages: v.picklist(['device', 'host']),
  /** Wall time of the whole run. */
  seconds: finite,
});
export type RunFacts = v.InferOutput<typeof RunSchema>;

const VerificationSchema = v.object({ pagesChecked: count, mismatchedPages: count });
export type Verification = v.InferOutput<typeof VerificationSchema>;

/** Both together; null only when neither compared anything. */
export function sumVerifications(a: Verification | null, b: Verification | null): Verification | null {
  if (a === null || b === null) return a ?? b;
  return { pagesChecked: a.pagesChecked + b.pagesChecked, mismatchedPages: a.mismatchedPages + b.mismatchedPages };
}

/** How often the test of comparisons claimed a difference between a case and itself, with a 95 % Wilson interval. */
const AaSchema = v.object({
  case: v.string(),
  trials: v.pipe(count, v.minValue(1)),
  samplesPerSide: count,
  claims: count,
  /** A claim is one at this level of significance. */
  alpha: finite,
  rate: finite,
  low: finite,
  high: finite,
});
export type AaFacts = v.InferOutput<typeof AaSchema>;

const ShapeSchema = v.object({ lanes: count, unroll: count, groups: count });
const directions = <T extends v.GenericSchema>(one: T): v.ObjectSchema<{ up: T; down: T; within: T }, undefined> =>
  v.object({ up: one, down: one, within: one });

/** How one direction of copies was tuned: what each shape took, and why one was chosen (choose-shape.ts). */
const TuningTrialSchema = v.object({
  /** Default over chosen, or over the best that was not good enough; null with too few rounds. */
  gain: v.nullable(finite),
  rounds: count,
  reason: v.string(),
  times: v.array(v.object({ shape: ShapeSchema, medianNs: finite, madNs: finite })),
});

/** The copy kernels' shapes of a run: the default ones, kept ones of an earlier run, or tuned just before it. */
const TuningSchema = v.object({
  source: v.picklist(['default', 'table', 'tuned']),
  /** Adapter, driver and version of the tool. */
  key: v.string(),
  shapes: directions(ShapeSchema),
  /** Absent where nobody tuned, or kept how. */
  trials: v.optional(directions(TuningTrialSchema)),
});
export type TuningFacts = v.InferOutput<typeof TuningSchema>;
export const TuningTrialsSchema = directions(TuningTrialSchema);

export const ReportSchema = v.object({
  schema: v.literal(REPORT_SCHEMA),
  schemaVersion: v.literal(REPORT_VERSION),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  tool: v.object({ name: v.string(), version: v.string(), command: v.optional(v.string(), '') }),
  environment: EnvironmentSchema,
  /** What decided the run: a scenario, or the choices of a benchmark, whose cases carry their own parameters. */
  scenario: v.record(v.string(), v.unknown()),
  run: RunSchema,
  metrics: v.array(MetricSchema),
  counters: v.record(v.string(), finite),
  /** Null when nothing was compared. */
  verification: v.nullable(VerificationSchema),
  /** Hash over what the model did, without times; null where no model ran. */
  eventHash: v.optional(v.nullable(v.string()), null),
  /** Facts about the input that a reader must know. */
  notes: v.optional(v.array(v.string()), []),
  /** True when the run was stopped before its end. */
  partial: v.optional(v.boolean(), false),
  /** Only of a run in A/A mode, of its first case. */
  aa: v.optional(AaSchema),
  /** A/A of every case, where there were several. */
  aaCases: v.optional(v.array(AaSchema)),
  /** Absent of runs on the twin and of older versions. */
  tuning: v.optional(TuningSchema),
  warnings: v.array(WarningSchema),
});

export type Metric = v.InferOutput<typeof MetricSchema>;
export type Report = v.InferOutput<typeof ReportSchema>;

export type ReportResult =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly message: string };

/** A report from untrusted data. The message names the first field that is wrong. */
export function parseReport(input: unknown): ReportResult {
  const result = v.safeParse(ReportSchema, input);
  if (result.success) return { ok: true, report: result.output };
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? 'report';
  return { ok: false, message: `${field} is ${issue.received}, allowed: ${issue.expected ?? issue.message}` };
}

/** What the author of a metric supplies; the statistics follow from the samples. */
export interface MetricParts {
  readonly id: string;
  readonly unit: string;
  readonly source: Source;
  readonly samples: readonly number[];
  readonly convention: string;
  readonly params?: Metric['params'];
  readonly peer?: string | null;
  readonly limit?: string | null;
  readonly peerRatio?: Ratio | null;
  readonly limitRatio?: Ratio | null;
  readonly warnings?: readonly Warning[];
}

/** A metric from its samples (at least one). */
export function metric(parts: MetricParts): Metric {
  const { id, unit, source, convention, params = {}, peer = null, limit = null } = parts;
  const { peerRatio = null, limitRatio = null } = parts;
  const samples = [...parts.samples];
  const warnings = [...(parts.warnings ?? [])];
  const compared = { peer, limit, peerRatio, limitRatio };
  return { id, unit, ...summarize(samples), source, samples, params, convention, ...compared, warnings };
}

/** What the composer of a run supplies; the rest is fixed by the schema. */
export type ReportParts = Omit<Report, 'schema' | 'schemaVersion'>;

export function report(parts: ReportParts): Report {
  return { schema: REPORT_SCHEMA, schemaVersion: REPORT_VERSION, ...parts };
}
