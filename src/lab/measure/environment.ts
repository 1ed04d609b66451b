// Where a run took place: host, program that carries WebGPU, adapter, and how finely its clocks step.
import * as v from 'valibot';
import packageJson from '../../../package.json' with { type: 'json' };
import type { ExecutorInfo } from '../../engine/plan/executor.ts';

const finite = v.pipe(v.number(), v.finite());

const HostSchema = v.object({
  runtime: v.picklist(['node', 'browser']),
  /** 'v20.20.2', or the browser's user agent. */
  version: v.string(),
  os: v.string(),
  architecture: v.string(),
  cpu: v.string(),
  cpuCount: finite,
  /** Null where the host does not tell. */
  memoryBytes: v.nullable(finite),
  /** Largest cache of a processor; absent or null where the host does not tell. */
  lastLevelCacheBytes: v.optional(v.nullable(finite)),
  /** Versions of libraries that matter for a figure, e.g. {webgpu: '0.6.2'}. */
  versions: v.optional(v.record(v.string(), v.string()), {}),
});
export type HostFacts = v.InferOutput<typeof HostSchema>;

const AdapterSchema = v.object({
  kind: v.picklist(['gpu', 'twin']),
  name: v.string(),
  software: v.boolean(),
  vendor: v.string(),
  architecture: v.string(),
  driver: v.string(),
  backend: v.string(),
  features: v.array(v.string()),
  limits: v.record(v.string(), finite),
  timestamps: v.boolean(),
});

const ClockSchema = v.object({
  /** Smallest step seen between GPU timestamps; null without timestamps. */
  gpuStepNs: v.nullable(finite),
  /** Smallest step seen of the host's clock. */
  wallStepNs: v.nullable(finite),
});
export type ClockFacts = v.InferOutput<typeof ClockSchema>;

export const EnvironmentSchema = v.object({
  host: HostSchema,
  adapter: AdapterSchema,
  clock: ClockSchema,
  /** Why the run is on the twin or on a software adapter although that was not asked for; null when it is not. */
  fallback: v.nullable(v.string()),
});
export type Environment = v.InferOutput<typeof EnvironmentSchema>;

export const TOOL = { name: 'pageferry', version: packageJson.version } as const;

/** Puts together what a report says about its surroundings. */
export function environmentOf(parts: {
  readonly host: HostFacts;
  readonly info: ExecutorInfo;
  readonly clock?: ClockFacts;
  readonly fallback?: string | null;
}): Environment {
  const { host, info, clock = { gpuStepNs: null, wallStepNs: null }, fallback = null } = parts;
  const adapter = { ...info, features: [...info.features], limits: { ...info.limits } };
  return { host, adapter, clock, fallback };
}

/** What a browser tells about itself; works on the page and in a worker. */
export function browserHost(browser: Pick<Navigator, 'userAgent' | 'hardwareConcurrency'>): HostFacts {
  const unknown = { os: '', architecture: '', cpu: '', memoryBytes: null, versions: {} };
  return { runtime: 'browser', version: browser.userAgent, cpuCount: browser.hardwareConcurrency, ...unknown };
}
