// The scenario's fields one by one: what a control, a flag or a URL key needs to know, and text to value and back.
import { assert } from '../../base/assert.ts';
import {
  childOf,
  DEFAULT_SCENARIO,
  parseScenario,
  ScenarioSchema,
  type Scenario,
  type ScenarioResult,
} from './scenario.ts';
import { leafInfo, type FieldKind, type LeafInfo } from './scenario-leaf.ts';
import { formatChunks, formatSize, parseChunks, parseSize } from './scenario-sizes.ts';
import type { GenericSchema } from 'valibot';

export interface FieldInfo extends LeafInfo {
  /** Where it stands in the scenario: 'migration.timeslice.overrideMs'. */
  readonly path: string;
  /** First step of the path. */
  readonly group: string;
  /** Its flag on the command line: '--timeslice'. */
  readonly flag: string;
  readonly unit: string;
  readonly live: boolean;
  readonly defaultValue: unknown;
}

const FIELDS = collect(ScenarioSchema, []);

/** All fields, in the order of the schema. */
export function scenarioFields(): readonly FieldInfo[] {
  return FIELDS;
}

/** The field at `path`; undefined where there is none. */
export function fieldAt(path: string): FieldInfo | undefined {
  return FIELDS.find((field) => field.path === path);
}

/** The value at `path`, e.g. 'run.seed'. Asking for a path that is no field is a bug. */
export function getField(scenario: Scenario, path: string): unknown {
  assert(fieldAt(path) !== undefined, () => `${path} is no field of a scenario`);
  return valueAt(scenario, path);
}

/** A copy with the one field changed, or why not. The argument stays as it is. */
export function setField(scenario: Scenario, path: string, value: unknown): ScenarioResult {
  const steps = path.split('.');
  return parseScenario(withValue(scenario, steps, value));
}

/** Text of a value, as `fromText` reads it. */
export function toText(field: FieldInfo, value: unknown): string {
  if (value === null) return field.nullText ?? 'null';
  if (field.kind === 'chunks') return formatChunks(value as number[]);
  if (field.kind === 'bytes') return formatSize(value as number);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The value that `text` means; text that means none is returned as it is, for the schema to refuse by its name. */
export function fromText(field: FieldInfo, text: string): unknown {
  return field.nullText !== null && text === field.nullText ? null : (READERS[field.kind](text) ?? text);
}

/** `base` with several fields read from text, judged as a whole: the order of the entries does not matter. */
export function withTexts(base: Scenario, entries: Iterable<readonly [FieldInfo, string]>): ScenarioResult {
  let draft: unknown = base;
  for (const [field, text] of entries) draft = withValue(draft, field.path.split('.'), fromText(field, text));
  return parseScenario(draft);
}

const READERS: Readonly<Record<FieldKind, (text: string) => unknown>> = {
  integer: readNumber,
  number: readNumber,
  bytes: parseSize,
  chunks: parseChunks,
  boolean: (text) => ({ true: true, false: false })[text],
  choice: (text) => text,
  vram: (text) => text,
};

function readNumber(text: string): number | null {
  return text.trim() === '' || !Number.isFinite(Number(text)) ? null : Number(text);
}

function collect(schema: GenericSchema, path: readonly string[]): FieldInfo[] {
  const info = leafInfo(schema);
  if (info !== undefined) return [describe(info, path)];
  const entries = 'entries' in schema ? Object.keys(schema.entries as object) : [];
  return entries.flatMap((name) => collect(childOf(schema, name) as GenericSchema, [...path, name]));
}

function describe(info: LeafInfo, path: readonly string[]): FieldInfo {
  const place = { path: path.join('.'), group: path[0] as string, flag: `--${info.key}` };
  const defaultValue = valueAt(DEFAULT_SCENARIO, place.path);
  return { ...info, ...place, unit: info.unit ?? '', live: info.live ?? false, defaultValue };
}

function valueAt(scenario: Scenario, path: string): unknown {
  let value: unknown = scenario;
  for (const step of path.split('.')) value = (value as Record<string, unknown>)[step];
  return value;
}

function withValue(target: unknown, steps: readonly string[], value: unknown): unknown {
  const [first, ...rest] = steps;
  if (first === undefined) return value;
  const inner = typeof target === 'object' && target !== null ? (target as Record<string, unknown>) : {};
  return { ...inner, [first]: withValue(inner[first], rest, value) };
}
