// Checks of single fields: each gives "name is given, allowed …" as one line for people, or null when the field is right.
import type { ExecutorConfig } from './executor.ts';
import { MAX_SEGMENTS, segmentPages, tableFrames } from './segments.ts';

/** Entries of one page table. */
export const TABLE_ENTRIES = 512;
export const U32_MAX = 0xffffffff;

export type Fault = string | null;

export function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}

export function int(name: string, value: number, min: number, max: number): Fault {
  if (Number.isInteger(value) && value >= min && value <= max) return null;
  return `${name} is ${show(value)}, allowed ${max < min ? 'nothing' : `${min}…${max}`}`;
}

export function u32(name: string, value: number): Fault {
  return int(name, value, 0, U32_MAX);
}

export function flag(name: string, value: boolean): Fault {
  return typeof value === 'boolean' ? null : `${name} is ${show(value)}, wanted true or false`;
}

export function words(name: string, value: Uint32Array, unit: number, min: number, max: number): Fault {
  if (!(value instanceof Uint32Array)) return `${name} is no Uint32Array`;
  if (value.length % unit !== 0) return `${name} has ${value.length} words, wanted a multiple of ${unit}`;
  return int(`${name} / ${unit}`, value.length / unit, min, max);
}

export function tlbLines(lines: number): Fault {
  if (Number.isInteger(lines) && lines >= 0 && lines <= 2 ** 24 && (lines & (lines - 1)) === 0) return null;
  return `tlbLines is ${show(lines)}, wanted 0 or a power of two up to ${2 ** 24}`;
}

export function segments(config: ExecutorConfig): Fault {
  const pages = segmentPages(config);
  if (!Number.isInteger(pages) || pages < 1 || Math.log2(pages) % 1 !== 0)
    return `segmentPages is ${show(pages)}, wanted a power of two`;
  const largest = Math.max(...config.spaces.map((each) => (each.host === true ? 1 : each.pages)));
  return largest <= MAX_SEGMENTS * pages
    ? null
    : `segmentPages is ${pages}, allowed at least ${Math.ceil(largest / MAX_SEGMENTS)}: a space of ${largest} pages is cut into ${MAX_SEGMENTS} at most`;
}

/** Whoever names a space touches its bytes: a space whose bytes the host has is none of the executor's. */
export function space(name: string, id: number, config: ExecutorConfig): Fault {
  if (config.spaces[id]?.host === true) return `${name} is ${id}, allowed a space whose bytes are not the host's`;
  return int(name, id, 0, config.spaces.length - 1);
}

export function pagesOf(id: number, config: ExecutorConfig): number {
  return config.spaces[id]?.pages ?? 0;
}

/** `prefix` is '', 'src' or 'dst': fields are named as in the command. */
export function frames(
  prefix: '' | 'src' | 'dst',
  id: number,
  frame: number,
  pages: number,
  config: ExecutorConfig,
): Fault {
  const size = pagesOf(id, config);
  return (
    space(prefix === '' ? 'space' : `${prefix}Space`, id, config) ??
    int(prefix === '' ? 'frame' : `${prefix}Frame`, frame, 0, size - 1) ??
    int('pages', pages, 1, size - frame)
  );
}

export function table(id: number, frame: number, config: ExecutorConfig): Fault {
  return space('space', id, config) ?? int('table', frame, 0, tableFrames(config, id) - 1);
}

export function entries(index: number, count: number): Fault {
  return int('index', index, 0, TABLE_ENTRIES - 1) ?? int('count', count, 1, TABLE_ENTRIES - index);
}
