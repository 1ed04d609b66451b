// Twin of shaders/access.wgsl: each pending access of a range translates its address and is performed exactly once, or
// resolved where the host has its frame, or stays pending and leaves a fault record.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import {
  ACCESS_KIND,
  ACCESS_RECORD_WORDS,
  ACCESS_RESULT_WORDS,
  ACCESS_STATUS,
  SYSTEM_SPACE,
  NO_FRAME,
  type Access,
  type SpaceId,
  type WalkRoot,
} from '../plan/commands.ts';
import {
  appendFault,
  FAULT_ATOMIC_VIOLATION,
  FAULT_NONE,
  FAULT_NOT_PRESENT,
  FAULT_WRITE_VIOLATION,
} from './fault-ring.ts';
import { fillTlb } from './fill-tlb.ts';
import { PTE_ATOMIC, PTE_DEVICE_MEMORY, PTE_NULL, PTE_RW } from './pte.ts';
import {
  LINE_CLAIM,
  LINE_ENTRY_HI,
  LINE_ENTRY_LO,
  LINE_LOG2_PAGES,
  NO_LINE,
  pageNumberHi,
  pageNumberLo,
  TLB_LINE_WORDS,
  tlbFind,
  tlbPlace,
} from './tlb.ts';
import { performAccess } from './perform-access.ts';
import { spaceWords, tableWords, vramBeside, type TwinMemory } from './twin-memory.ts';
import { leafFrame, walk, WALK_ABSENT, WALK_CORRUPT, WALK_HIT, WALK_NULL, type Leaf } from './walk.ts';

/** The leaf that a TLB line holds for the address, as the walk that filled the line would give it. */
function leafOfLine(tlb: Uint32Array, line: number, lo: number, out: Leaf): void {
  const size = tlb[line + LINE_LOG2_PAGES] as number;
  out.entryLo = tlb[line + LINE_ENTRY_LO] as number;
  out.entryHi = tlb[line + LINE_ENTRY_HI] as number;
  out.outcome = (out.entryLo & PTE_NULL) === 0 ? WALK_HIT : WALK_NULL;
  out.level = Math.floor(size / 9);
  out.frame = leafFrame(out.entryLo, out.entryHi, size, lo);
  out.log2Pages = size;
}

/** Permissions come before NULL: a write to a read-only NULL leaf faults. FAULT_NONE when the entry allows `kind`. */
function denial(entryLo: number, kind: number): number {
  if (kind === ACCESS_KIND.read) return FAULT_NONE;
  if ((entryLo & PTE_RW) === 0) return FAULT_WRITE_VIOLATION;
  if (kind === ACCESS_KIND.atomic && (entryLo & PTE_ATOMIC) === 0) return FAULT_ATOMIC_VIOLATION;
  return FAULT_NONE;
}

/** The space that a leaf points into: a directory's own says which VRAM is near. */
function leafSpace(entryLo: number, tableSpace: number): SpaceId {
  return (entryLo & PTE_DEVICE_MEMORY) === 0 ? SYSTEM_SPACE : vramBeside(tableSpace);
}

/** A leaf whose frame lies outside its space is as good as absent; it is never clamped into the space. */
function faultOf(memory: TwinMemory, leaf: Leaf, tableSpace: number, kind: number): number {
  if (leaf.outcome === WALK_ABSENT || leaf.outcome === WALK_CORRUPT) return FAULT_NOT_PRESENT;
  const frames = memory.frames[leafSpace(leaf.entryLo, tableSpace)] ?? 0;
  if (leaf.outcome === WALK_HIT && leaf.frame >= frames) return FAULT_NOT_PRESENT;
  return denial(leaf.entryLo, kind);
}

/** Performs the access; the word before. A NULL leaf reads zero and drops what is written. */
function perform(
  memory: TwinMemory,
  leaf: Leaf,
  tableSpace: number,
  lo: number,
  kind: number,
  operand: number,
): number {
  if (leaf.outcome === WALK_NULL) return 0;
  return performAccess(spaceWords(memory, leafSpace(leaf.entryLo, tableSpace)), leaf.frame, lo, kind, operand);
}

/** Whether the host has the frame that the access hit. The twin holds every other space whole. */
function withHost(memory: TwinMemory, leaf: Leaf, tableSpace: number): boolean {
  const space = leafSpace(leaf.entryLo, tableSpace);
  return leaf.outcome === WALK_HIT && leaf.frame >= spaceWords(memory, space).length / WORDS_PER_PAGE;
}

/** Called in index order, so the highest index stays, as the shader's atomicMax has it. */
function claimLine(tlb: Uint32Array, asid: number, leaf: Leaf, lo: number, hi: number, index: number): void {
  const lines = tlb.length / TLB_LINE_WORDS;
  const place = tlbPlace(asid, pageNumberLo(lo, hi), pageNumberHi(hi), leaf.log2Pages, lines);
  tlb[place * TLB_LINE_WORDS + LINE_CLAIM] = index + 1;
}

/** Line that answers the access, or NO_LINE: a line that denies it does not, so that a fault shows a real walk's level. */
function answeringLine(tlb: Uint32Array, asid: number, lo: number, hi: number, kind: number): number {
  const line = tlbFind(tlb, asid, pageNumberLo(lo, hi), pageNumberHi(hi));
  if (line === NO_LINE || denial(tlb[line + LINE_ENTRY_LO] as number, kind) !== FAULT_NONE) return NO_LINE;
  return line;
}

/** Puts the leaf at the address into `memory.leaf`; whether it took a walk. */
function findLeaf(
  memory: TwinMemory,
  asid: number,
  root: WalkRoot,
  useTlb: boolean,
  lo: number,
  hi: number,
  kind: number,
): boolean {
  const { tlb, leaf } = memory;
  const line = useTlb ? answeringLine(tlb, asid, lo, hi, kind) : NO_LINE;
  if (line !== NO_LINE) leafOfLine(tlb, line, lo, leaf);
  else walk(tableWords(memory, root.space), root.frame, root.level, lo, hi, leaf);
  return line === NO_LINE;
}

/** Runs the access at `index` of the list unless it is done or resolved; `cookie` goes into its fault record. */
function attempt(memory: TwinMemory, command: Access, useTlb: boolean, index: number, cookie: number): void {
  const { records, results, leaf, tlb } = memory;
  const { asid, root } = command;
  if (results[index * ACCESS_RESULT_WORDS] !== ACCESS_STATUS.pending) return;
  const record = index * ACCESS_RECORD_WORDS;
  const lo = records[record] as number;
  const hi = records[record + 1] as number;
  const kind = records[record + 2] as number;
  const walked = findLeaf(memory, asid, root, useTlb, lo, hi, kind);
  const fault = faultOf(memory, leaf, root.space, kind);
  if (fault !== FAULT_NONE) return appendFault(memory.faults, leaf.level, cookie, asid, kind, fault, lo, hi);
  if (useTlb && walked) claimLine(tlb, asid, leaf, lo, hi, index);
  const away = withHost(memory, leaf, root.space);
  const value = away ? leaf.frame : perform(memory, leaf, root.space, lo, kind, records[record + 3] as number);
  results[index * ACCESS_RESULT_WORDS] = away ? ACCESS_STATUS.resolvedSystem : ACCESS_STATUS.done;
  results[index * ACCESS_RESULT_WORDS + 1] = value;
}

/** Tells the frame of the access at `index`, whatever its status. */
function translate(memory: TwinMemory, { asid, root }: Access, useTlb: boolean, index: number): void {
  const { records, results, leaf, tlb } = memory;
  const record = index * ACCESS_RECORD_WORDS;
  const lo = records[record] as number;
  const hi = records[record + 1] as number;
  const kind = records[record + 2] as number;
  const walked = findLeaf(memory, asid, root, useTlb, lo, hi, kind);
  const hit = leaf.outcome === WALK_HIT && faultOf(memory, leaf, root.space, kind) === FAULT_NONE;
  if (useTlb && walked && hit) claimLine(tlb, asid, leaf, lo, hi, index);
  results[index * ACCESS_RESULT_WORDS] = ACCESS_STATUS.translated;
  results[index * ACCESS_RESULT_WORDS + 1] = hit ? leaf.frame : NO_FRAME;
}

/** Runs an ACCESS: the pending accesses of the range in index order, then the fills of the TLB. */
export function access(memory: TwinMemory, command: Access): void {
  const useTlb = command.tlb && memory.tlb.length > 0;
  if (command.translateOnly === true)
    for (let i = 0; i < command.count; i++) translate(memory, command, useTlb, command.base + i);
  else performAll(memory, command, useTlb);
  if (useTlb) fillTlb(memory, command);
}

/** A chained step that comes after a fault leaves everything as it is. */
function performAll(memory: TwinMemory, command: Access, useTlb: boolean): void {
  const { faults } = memory;
  if (!command.chained) faults.chainStopped = false;
  if (faults.chainStopped) return;
  const before = faults.count + faults.dropped;
  for (let i = 0; i < command.count; i++) attempt(memory, command, useTlb, command.base + i, i);
  faults.chainStopped = faults.count + faults.dropped > before;
}
