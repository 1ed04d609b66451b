// Checks of page tables: one line for every rule that does not hold (xe.md §12, I-P1 … I-P4, I-P7).
import { WORDS_PER_PAGE, type Frame } from '../../base/units.ts';
import { decodeEntry, PTE_BIT, type DecodedEntry } from './pt-entry.ts';
import { PAGES_64K, TABLE_ENTRIES, entryPages } from './pt-geometry.ts';
import { type PtNode, subtree } from './pt-node.ts';
import type { PageTables } from './pt.ts';

/**
 * Violations of the shadow tree alone, and with `words` (the VRAM's contents, 1024 words a frame, all commands run) of
 * the bytes against it.
 */
export function ptViolations(pt: PageTables, words: Uint32Array | null = null): string[] {
  const nodes = subtree(pt.top);
  const found: string[] = [];
  const frames = new Set<Frame>();
  for (const node of nodes) {
    if (frames.has(node.frame)) found.push(`I-P2: table ${node.frame} is reached twice`);
    frames.add(node.frame);
    found.push(...shadowViolations(node));
    if (words !== null) found.push(...byteViolations(pt, node, words));
  }
  if (nodes.length !== pt.tableCount) found.push(`I-P2: ${nodes.length} tables, counted ${pt.tableCount}`);
  return found;
}

function shadowViolations(node: PtNode): string[] {
  const found: string[] = [];
  let owned = 0;
  for (let i = 0; i < TABLE_ENTRIES; i++) {
    if (node.isOwned(i)) owned++;
    const child = node.childAt(i);
    if (child === null) continue;
    if (!node.isOwned(i)) found.push(`I-P1: ${name(node)}[${i}] has a child and is not owned`);
    if (child.parent !== node || child.level !== node.level - 1)
      found.push(`I-P2: ${name(child)} hangs at ${name(node)}`);
    if (child.compact && child.level !== 0) found.push(`I-P2: ${name(child)} is compact`);
    if (child.live === 0) found.push(`I-P1: ${name(child)} is empty and still attached`);
  }
  if (owned !== node.live) found.push(`I-P1: ${name(node)} owns ${owned} entries, live says ${node.live}`);
  return found;
}

function byteViolations(pt: PageTables, node: PtNode, words: Uint32Array): string[] {
  const found: string[] = [];
  const empty = pt.emptyEntry(node.level);
  for (let i = 0; i < TABLE_ENTRIES; i++) {
    const at = node.frame * WORDS_PER_PAGE + 2 * i;
    const lo = words[at] ?? 0;
    const hi = words[at + 1] ?? 0;
    const say = (rule: string): number => found.push(`${rule}: ${name(node)}[${i}] = ${hex(lo, hi)}`);
    if (!node.isOwned(i)) {
      if (lo !== empty.lo || hi !== empty.hi) say('I-P1 not owned, not empty');
      continue;
    }
    const child = node.childAt(i);
    const zero = lo === 0 && hi === 0;
    if (child === null) {
      if (!zero) found.push(...leafViolations(pt, node, i, decodeEntry(node.level, lo, hi), words));
    } else if (zero !== child.zapped) say('I-P2 zapped and marked disagree');
    else if (!zero && !leadsTo(child, decodeEntry(node.level, lo, hi))) say(`I-P2 does not lead to ${name(child)}`);
  }
  return found;
}

function leadsTo(child: PtNode, entry: DecodedEntry): boolean {
  return entry.present && !entry.leaf && entry.frame === child.frame && entry.compactChild === child.compact;
}

function leafViolations(
  pt: PageTables,
  node: PtNode,
  index: number,
  entry: DecodedEntry,
  words: Uint32Array,
): string[] {
  const where = `${name(node)}[${index}]`;
  if (!entry.present || !entry.leaf) return [`I-P1: ${where} is owned and no leaf`];
  if (entry.null) return [];
  const found: string[] = [];
  const span = entryPages(node.level, node.compact);
  if (entry.frame % span !== 0) found.push(`I-P4: ${where} maps frame ${entry.frame}, not a multiple of ${span}`);
  if (entry.ps64 && node.compact) found.push(`I-P3: ${where} has PS64 in a compact table`);
  if (entry.ps64 && !groupOf64K(node, index, words)) found.push(`I-P3: ${where} is not part of a 64K group`);
  const coarse = entry.ps64 || node.compact || node.level > 0;
  if (pt.need64k && entry.vram && !coarse) found.push(`I-P7: ${where} maps 4K of VRAM`);
  return found;
}

/** The 16 entries around `index` hold the 16 frames of one 64K frame with the same flags. */
function groupOf64K(node: PtNode, index: number, words: Uint32Array): boolean {
  const head = index - (index % PAGES_64K);
  const at = node.frame * WORDS_PER_PAGE + 2 * head;
  const lo = words[at] ?? 0;
  const hi = words[at + 1] ?? 0;
  if ((lo >>> 12) % PAGES_64K !== 0 || (lo & PTE_BIT.ps64) === 0) return false;
  for (let j = 1; j < PAGES_64K; j++) {
    if (words[at + 2 * j] !== lo + j * 4096 || words[at + 2 * j + 1] !== hi) return false;
  }
  return true;
}

function name(node: PtNode): string {
  return `L${node.level}${node.compact ? 'c' : ''}@${node.frame}`;
}

function hex(lo: number, hi: number): string {
  return `0x${hi.toString(16)}_${lo.toString(16).padStart(8, '0')}`;
}
