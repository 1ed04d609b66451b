// Twin of shaders/fill-tlb.wgsl: after an ACCESS every claimed TLB line takes the leaf of the access that claimed it.
import { ACCESS_RECORD_WORDS, type Access } from '../plan/commands.ts';
import {
  blockStartLo,
  LINE_CLAIM,
  LINE_ENTRY_HI,
  LINE_ENTRY_LO,
  LINE_LOG2_PAGES,
  LINE_OWNER,
  LINE_PAGE_HI,
  LINE_PAGE_LO,
  pageNumberHi,
  pageNumberLo,
  TLB_LINE_WORDS,
} from './tlb.ts';
import { tableWords, type TwinMemory } from './twin-memory.ts';
import { walk, type Leaf } from './walk.ts';

/** Fills the line whose first word is `at` with the leaf of the page (pageLo, pageHi), and clears its claim. */
function fillLine(tlb: Uint32Array, at: number, asid: number, pageLo: number, pageHi: number, leaf: Leaf): void {
  tlb[at + LINE_OWNER] = asid + 1;
  tlb[at + LINE_PAGE_LO] = blockStartLo(pageLo, leaf.log2Pages);
  tlb[at + LINE_PAGE_HI] = pageHi;
  tlb[at + LINE_LOG2_PAGES] = leaf.log2Pages;
  tlb[at + LINE_ENTRY_LO] = leaf.entryLo;
  tlb[at + LINE_ENTRY_HI] = leaf.entryHi;
  tlb[at + LINE_CLAIM] = 0;
}

/** Runs the second half of an ACCESS with the TLB on. */
export function fillTlb(memory: TwinMemory, command: Access): void {
  const { tlb, records, leaf } = memory;
  const { asid, root } = command;
  const tables = tableWords(memory, root.space);
  for (let at = 0; at < tlb.length; at += TLB_LINE_WORDS) {
    const claim = tlb[at + LINE_CLAIM] as number;
    if (claim === 0) continue;
    const lo = records[(claim - 1) * ACCESS_RECORD_WORDS] as number;
    const hi = records[(claim - 1) * ACCESS_RECORD_WORDS + 1] as number;
    walk(tables, root.frame, root.level, lo, hi, leaf);
    fillLine(tlb, at, asid, pageNumberLo(lo, hi), pageNumberHi(hi), leaf);
  }
}
