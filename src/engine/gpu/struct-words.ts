// Writes WGSL structs of plain words into typed arrays, at the offsets that the shaders themselves declare.
import { STRUCTS } from '../plan/layouts.gen.ts';

export type StructName = keyof typeof STRUCTS;
export type FieldOf<S extends StructName> = keyof (typeof STRUCTS)[S]['fields'];

/** Stores every field of struct `name` at word `at`. */
export function writeStruct<S extends StructName>(
  words: Uint32Array,
  at: number,
  name: S,
  values: Record<FieldOf<S>, number>,
): void {
  writeFields(words, at, name, values);
}

/** Stores some fields of struct `name` at word `at`. */
export function writeFields(words: Uint32Array, at: number, name: StructName, values: Record<string, number>): void {
  const offsets: Record<string, number> = STRUCTS[name].fields;
  for (const field in values) words[at + (offsets[field] as number) / 4] = values[field] as number;
}

/** Words of one struct in an array of it. */
export function structWords(name: StructName): number {
  return STRUCTS[name].bytes / 4;
}

/** Offset of a field in words. */
export function fieldWord<S extends StructName>(name: S, field: FieldOf<S>): number {
  return ((STRUCTS[name].fields as Record<string, number>)[field as string] as number) / 4;
}
