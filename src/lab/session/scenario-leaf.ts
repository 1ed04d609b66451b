// Builders of the scenario schema's leaves: each couples what is accepted with the words that say so and the control that sets it.
import * as v from 'valibot';
import { isChunkLadder, isPageMultiple, parseVram } from './scenario-sizes.ts';

export type FieldKind = 'integer' | 'number' | 'bytes' | 'boolean' | 'choice' | 'chunks' | 'vram';

/** What the author of a field writes. */
export interface FieldWords {
  /** Short name, unique over the scenario: the key in the URL and, with two dashes, the flag on the command line. */
  readonly key: string;
  readonly label: string;
  /** One sentence: what it does, and what a special value means. */
  readonly help: string;
  readonly unit?: string;
  /** May change while a run goes on. */
  readonly live?: boolean;
}

/** What a leaf carries as metadata. */
export interface LeafInfo extends FieldWords {
  readonly kind: FieldKind;
  /** What is accepted, for people; follows "allowed: ". */
  readonly allowed: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly step: number | null;
  readonly choices: readonly string[] | null;
  /** Text that stands for null; null where the field always has a value. */
  readonly nullText: string | null;
}

const NO_HINTS = { min: null, max: null, step: null, choices: null, nullText: null } as const;

function leaf<S extends v.GenericSchema>(schema: S, fallback: v.InferInput<S>, info: LeafInfo) {
  return v.optional(v.pipe(schema, v.metadata({ leaf: info })), () => fallback);
}

/** The schema behind a default. A nullable one is no wrapper in this sense: null is one of its values. */
export function withoutDefault(schema: v.GenericSchema): v.GenericSchema {
  return schema.type === 'optional' && 'wrapped' in schema ? (schema.wrapped as v.GenericSchema) : schema;
}

/** The info of a leaf of the schema (without its default); undefined for a group. */
export function leafInfo(schema: v.GenericSchema): LeafInfo | undefined {
  return (v.getMetadata(schema as never) as { leaf?: LeafInfo }).leaf;
}

export function integer(fallback: number, min: number, max: number, words: FieldWords) {
  const schema = v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
  const allowed = `a whole number from ${min} to ${max}`;
  return leaf(schema, fallback, { ...NO_HINTS, ...words, kind: 'integer', allowed, min, max, step: 1 });
}

/** A power of two up to `max`, or 0. */
export function powerOfTwoOrZero(fallback: number, max: number, words: FieldWords) {
  const schema = v.pipe(
    v.number(),
    v.check((value) => value === 0 || (value <= max && Number.isInteger(Math.log2(value)))),
  );
  const allowed = `0 or a power of two up to ${max}`;
  return leaf(schema, fallback, { ...NO_HINTS, ...words, kind: 'integer', allowed, min: 0, max, step: 1 });
}

/** A finite number that is not negative. */
export function amount(fallback: number, max: number, step: number, words: FieldWords) {
  const allowed = `a number from 0 to ${max}`;
  return leaf(between(max), fallback, { ...NO_HINTS, ...words, kind: 'number', allowed, min: 0, max, step });
}

export function amountOrNull(max: number, step: number, nullText: string, words: FieldWords) {
  const info = { ...NO_HINTS, ...words, kind: 'number', min: 0, max, step, nullText } as const;
  return leaf(v.nullable(between(max)), null, { ...info, allowed: `a number from 0 to ${max}, or "${nullText}"` });
}

function between(max: number) {
  return v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(max));
}

export function integerOrNull(min: number, max: number, nullText: string, words: FieldWords) {
  const schema = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max)));
  const allowed = `a whole number from ${min} to ${max}, or "${nullText}"`;
  return leaf(schema, null, { ...NO_HINTS, ...words, kind: 'integer', allowed, min, max, step: 1, nullText });
}

const PAGES = 'a positive multiple of 4096 bytes such as 64M';

export function pageBytes(fallback: number, words: FieldWords) {
  const schema = v.pipe(v.number(), v.check(isPageMultiple));
  const info = { ...NO_HINTS, ...words, unit: 'bytes', kind: 'bytes', min: 4096, step: 4096 } as const;
  return leaf(schema, fallback, { ...info, allowed: PAGES });
}

export function pageBytesOrNull(nullText: string, words: FieldWords) {
  const schema = v.nullable(v.pipe(v.number(), v.check(isPageMultiple)));
  const info = { ...NO_HINTS, ...words, unit: 'bytes', kind: 'bytes', min: 4096, step: 4096, nullText } as const;
  return leaf(schema, null, { ...info, allowed: `${PAGES}, or "${nullText}"` });
}

export function vramSize(fallback: string, words: FieldWords) {
  const schema = v.pipe(
    v.string(),
    v.check((text) => parseVram(text) !== null),
  );
  const allowed = 'a multiple of 4096 bytes such as 64M, or a percentage above 0 up to 1000 such as 50%';
  return leaf(schema, fallback, { ...NO_HINTS, ...words, kind: 'vram', allowed });
}

export function chunkLadder(fallback: readonly number[], words: FieldWords) {
  const schema = v.pipe(
    v.array(v.number()),
    v.check((chunks) => isChunkLadder(chunks)),
  );
  const allowed = 'descending powers of two from 512M to 4K such as 2M,64K,4K';
  return leaf(schema, [...fallback], { ...NO_HINTS, ...words, unit: 'bytes', kind: 'chunks', allowed });
}

export function yesNo(fallback: boolean, words: FieldWords) {
  return leaf(v.boolean(), fallback, { ...NO_HINTS, ...words, kind: 'boolean', allowed: 'true or false' });
}

export function choice<const C extends readonly [string, ...string[]]>(
  choices: C,
  fallback: C[number],
  words: FieldWords,
) {
  const info = { ...NO_HINTS, ...words, kind: 'choice', choices } as const;
  return leaf(v.picklist(choices), fallback as never, { ...info, allowed: choices.join(', ') });
}
