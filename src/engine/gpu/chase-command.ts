// CHASE: chains of dependent loads, the benchmark's peer of page walks.
import type { Chase } from '../plan/commands.ts';
import { WGSL } from '../plan/layouts.gen.ts';
import type { FlushWriter } from './flush-writer.ts';
import { segmentId } from './segments.ts';

const LANES = 64;

/** One dispatch, one lane a chain. */
export function encodeChase(writer: FlushWriter, command: Chase): void {
  const { space, frame, pages, base, count, loads } = command;
  writer.closeBatch();
  const firstEntry = frame * WGSL.TABLE_ENTRIES;
  const mask = pages * WGSL.TABLE_ENTRIES - 1;
  const values = { base, count, loads, firstEntry, mask };
  const segment = segmentId(space);
  writer.dispatch('chase', segment, segment, 'ChaseParams', values, Math.ceil(count / LANES));
}
