// Small GPU programs for tests: lists of touches, their results, and fault records put together by hand.
import type { Access, Command, WalkRoot } from '../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../src/engine/plan/executor.ts';
import type { Completion } from '../../src/engine/plan/job.ts';
import type { TestBench } from './dawn.ts';
import { BIT, PageTables } from './page-tables.ts';

export const SYSTEM = 0;
export const VRAM = 1;
export const CAPACITY = 1024;
export const RING = 600;
export const PROGRAM_CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 64 },
    { name: 'vram0', pages: 128 },
  ],
  accessCapacity: CAPACITY,
  faultCapacity: RING,
  tlbLines: 0,
};
export const ASID = 0xabcde;
export const READ = 0;
export const WRITE = 1;
export const ATOMIC = 2;
export const ALL = BIT.rw | BIT.atomic;

export function newTables(level = 4, space = VRAM): PageTables {
  let next = space === VRAM ? 100 : 40;
  return new PageTables(space, level, () => next++);
}

/** Word `word` of page `vpn`; `kind` and what it adds. */
export type Touch = readonly [vpn: number, word: number, kind: number, operand?: number];

export function load(touches: readonly Touch[], base = 0): Command {
  const records = touches.flatMap(([vpn, word, kind, operand = 0]) => [
    ((vpn % 2 ** 20) * 4096 + word * 4) >>> 0,
    Math.floor(vpn / 2 ** 20),
    kind,
    operand,
  ]);
  return { op: 'accessLoad', base, records: Uint32Array.from(records) };
}

export function step(root: WalkRoot, count: number, base = 0): Access {
  return { op: 'access', asid: ASID, root, base, count, tlb: false, chained: false };
}

/** Loads and runs the touches; the completion with their results as io. */
export async function touch(bench: TestBench, root: WalkRoot, touches: readonly Touch[]): Promise<Completion> {
  const count = touches.length;
  return bench.run(load(touches), step(root, count), { op: 'accessResult', base: 0, count });
}

/** [status, value] of each access. */
export function results(done: Completion): number[][] {
  return Array.from({ length: done.io.length / 2 }, (_, i) => [...done.io.subarray(2 * i, 2 * i + 2)]);
}

/** The four words of a record, put together by hand from the table of xe.md §1.1. */
export function record(level: number, cookie: number, kind: number, fault: number, vpn: number): number[] {
  const vaLo = (vpn % 2 ** 20) * 4096;
  const dw0 = level + (cookie % 16) * 2 ** 28;
  const dw1 = Math.floor(cookie / 16) + ASID * 2 ** 12;
  const dw2 = kind + fault * 4 + vaLo;
  return [dw0, dw1, dw2, Math.floor(vpn / 2 ** 20)];
}

export function fill(space: number, frame: number, pattern: number): Command {
  return { op: 'fill', space, frame, pages: 1, pattern };
}
