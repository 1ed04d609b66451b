// Named constants of the cost model, each with unit, source and how far it can be trusted (policies.md §G).
//
// Rule of the product: every number is shown with its source; borrowed and assumed ones are never hidden.

/** `published`: printed by its author; `derived`: our fit of published data; `assumed`/`placeholder`: no source at all. */
export type Confidence = 'measured' | 'published' | 'derived' | 'assumed' | 'placeholder';

export interface Constant {
  readonly value: number;
  readonly unit: string;
  readonly source: string;
  readonly confidence: Confidence;
}

function constant(value: number, unit: string, source: string, confidence: Confidence): Constant {
  return { value, unit, source, confidence };
}

/** One point of the link curve: how long one copy command of this size takes. */
export interface CurvePoint {
  readonly bytes: number;
  readonly time: Constant;
}

export interface CostConstants {
  readonly name: string;
  /** Copy time by size, ascending; between points linear, beyond the last with the last slope. */
  readonly link: readonly CurvePoint[];
  /** Added to each job of the copy queue: handing it to the device. */
  readonly jobSubmission: Constant;
  /** Work of the handler per fault besides its pages. */
  readonly faultFixed: Constant;
  /** CPU work per 4K page that migrates, either way. */
  readonly pageWork: Constant;
  /** Collecting the pages of a range, per 4K page. */
  readonly pageCollection: Constant;
  /** One bind, waiting for it included. */
  readonly bind: Constant;
  readonly tlbInvalidation: Constant;
  /** Filling or copying inside one memory. */
  readonly vramBandwidth: Constant;
  readonly systemBandwidth: Constant;
  /** One page-table entry stored by the device. */
  readonly pteStore: Constant;
  /** One access of a GPU program. */
  readonly access: Constant;
}

const LINK_BMG: readonly CurvePoint[] = [
  { bytes: 4096, time: constant(15_000, 'ns', 'policies.md §G.5, 4K copy alone', 'published') },
  { bytes: 65_536, time: constant(20_000, 'ns', 'policies.md §G.5, 64K copy alone', 'published') },
  { bytes: 2_097_152, time: constant(60_000, 'ns', 'policies.md §G.5, 2M copy alone', 'published') },
];

/** A BMG-like card without huge device pages, which is what the model builds (policies.md §G.8, xe-bmg no THP). */
export const XE_BMG: CostConstants = {
  name: 'xe-bmg',
  link: LINK_BMG,
  jobSubmission: constant(30_000, 'ns', 'policies.md §G.5, submission per copy job', 'published'),
  faultFixed: constant(5000, 'ns', 'policies.md §G.5, 966 − 942 − 9 − 10 µs', 'derived'),
  pageWork: constant(1_400, 'ns', 'policies.md §G.5, (942 − 223) µs / 512 pages', 'derived'),
  pageCollection: constant(17.6, 'ns', 'policies.md §G.5, 9 µs / 512 pages', 'derived'),
  bind: constant(10_000, 'ns', 'policies.md §G.5, bind of a 2M fault', 'published'),
  tlbInvalidation: constant(10_000, 'ns', 'policies.md §G.7, no vendor publishes one', 'assumed'),
  vramBandwidth: constant(400, 'bytes/ns', 'none', 'placeholder'),
  systemBandwidth: constant(40, 'bytes/ns', 'none', 'placeholder'),
  pteStore: constant(1, 'ns', 'none', 'placeholder'),
  access: constant(1, 'ns', 'none', 'placeholder'),
};

/** The fixed 45 µs a fault of UVMSmart, for validation runs (policies.md §G.3, §G.8). */
export const UVMSMART: CostConstants = {
  ...XE_BMG,
  name: 'uvmsmart',
  jobSubmission: constant(0, 'ns', 'policies.md §G.8', 'published'),
  faultFixed: constant(45_000, 'ns', 'policies.md §G.3', 'published'),
  pageWork: constant(0, 'ns', 'policies.md §G.8', 'published'),
  pageCollection: constant(0, 'ns', 'policies.md §G.8', 'published'),
  bind: constant(0, 'ns', 'policies.md §G.8', 'published'),
  tlbInvalidation: constant(0, 'ns', 'policies.md §G.8', 'published'),
  link: [4, 64, 2048].map((kib) => ({ bytes: kib * 1024, time: uvmsmartTime(kib) })),
};

/** The published curve for PCIe 3.0 x16: rate(K) = (2·12/π)·atan(0.07292·K) GiB/s (policies.md §G.1). */
function uvmsmartTime(kib: number): Constant {
  const gibPerSecond = ((2 * 12) / Math.PI) * Math.atan(0.072_92 * kib);
  return constant(((kib * 1024) / (gibPerSecond * 2 ** 30)) * 1e9, 'ns', 'policies.md §G.1, atan curve', 'published');
}

/** All named constants of a set, flat, for the table that shows value, unit, source and confidence. */
export function listConstants(set: CostConstants): { readonly name: string; readonly constant: Constant }[] {
  const link = set.link.map((point) => ({ name: `link.${point.bytes}`, constant: point.time }));
  const rest = Object.entries(set).filter((entry): entry is [string, Constant] => isConstant(entry[1]));
  return [...link, ...rest.map(([name, value]) => ({ name, constant: value }))];
}

function isConstant(value: unknown): value is Constant {
  return typeof value === 'object' && value !== null && 'confidence' in value;
}
