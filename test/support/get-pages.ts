// Set-up of the get_pages tests: one 64K range over sixteen written pages, and what its pages object then holds.
import { isErrno } from '../../src/base/errno.ts';
import { svmCtx, type SvmCtx } from '../../src/model/svm/ctx.ts';
import { rangeFindOrInsert } from '../../src/model/svm/find-or-insert.ts';
import { slotProto, type SvmPages } from '../../src/model/svm/pages.ts';
import type { SvmRange } from '../../src/model/svm/range.ts';
import { expect } from 'vitest';
import { Machine, type MachineOptions } from './fake-devmem.ts';

export const START = 0x340;
export const END = 0x350;

/** A 64K range over 16 pages written by the CPU. */
export async function setUp(options: MachineOptions = {}): Promise<{ m: Machine; range: SvmRange }> {
  const m = new Machine(options);
  m.mm.mmap(START, END - START);
  await m.run(m.fill(START, END));
  const range = await m.run(m.locked(rangeFindOrInsert(m.svm, START, 0, 2 ** 30, svmCtx({ devmemPossible: true }))));
  if (isErrno(range)) throw new Error(range);
  expect(range.pages.npages).toBe(16);
  return { m, range };
}

export const withOwner = (m: Machine, fields: Partial<SvmCtx> = {}) =>
  svmCtx({ devicePrivatePageOwner: m.pagemap.owner, ...fields });

export const protos = (pages: SvmPages) => Array.from({ length: pages.count }, (_, slot) => slotProto(pages, slot));

export function segments(pages: SvmPages): [number, number, number][] {
  const out: [number, number, number][] = [];
  pages.forEachSegment((offset, proto, _frame, count) => out.push([offset, proto, count]));
  return out;
}
