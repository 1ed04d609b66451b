// Twin of shaders/translate-pages.wgsl: pass one of a translated copy walks both sides and stores the pairs of frames.
//
// A page of either side that is absent, NULL, corrupt, or in another space than the command declares is an engine fault:
// it is not copied, and the job fails.
import { vaHi, vaLo, WORDS_PER_PAGE } from '../../base/units.ts';
import { SYSTEM_SPACE, type CopyTranslated, type SpaceId, type WalkRoot } from '../plan/commands.ts';
import { copyPairs } from './copy-pages.ts';
import { PTE_DEVICE_MEMORY } from './pte.ts';
import { spaceWords, tableWords, vramBeside, type TwinMemory } from './twin-memory.ts';
import { walk, WALK_HIT } from './walk.ts';

/** Frame of the virtual page, or −1 where the walk does not end in a frame of `space`. */
export function frameAt(memory: TwinMemory, root: WalkRoot, vpn: number, space: SpaceId): number {
  const { leaf } = memory;
  walk(tableWords(memory, root.space), root.frame, root.level, vaLo(vpn), vaHi(vpn), leaf);
  const target = (leaf.entryLo & PTE_DEVICE_MEMORY) === 0 ? SYSTEM_SPACE : vramBeside(root.space);
  const frames = spaceWords(memory, space).length / WORDS_PER_PAGE;
  return leaf.outcome === WALK_HIT && target === space && leaf.frame < frames ? leaf.frame : -1;
}

/** Fills `pairs` with (source, destination) frames of the pages that translate; how many do. */
export function translatePages(memory: TwinMemory, command: CopyTranslated, pairs: Uint32Array): number {
  let found = 0;
  const { root, srcSpace, dstSpace, srcVpn, dstVpn, pages } = command;
  for (let page = 0; page < pages; page++) {
    const src = frameAt(memory, root, srcVpn + page, srcSpace);
    const dst = frameAt(memory, root, dstVpn + page, dstSpace);
    if (src < 0 || dst < 0) continue;
    pairs[2 * found] = src;
    pairs[2 * found + 1] = dst;
    found++;
  }
  return found;
}

/** Runs a translated copy, both passes. An engine fault is noted in `memory`. */
export function copyTranslated(memory: TwinMemory, command: CopyTranslated): void {
  const { srcSpace, dstSpace, pages } = command;
  if (memory.pairs.length < 2 * pages) memory.pairs = new Uint32Array(2 * pages);
  const found = translatePages(memory, command, memory.pairs);
  copyPairs(spaceWords(memory, srcSpace), spaceWords(memory, dstSpace), memory.pairs, found);
  if (found < pages) memory.engineFault = true;
}
