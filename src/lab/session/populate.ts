// Gives every page of the workload a frame and its seeded contents, as a program that initialises its memory would.
import { present } from '../../base/assert.ts';
import type { Vpn } from '../../base/units.ts';
import { SYSTEM_SPACE, type Command } from '../../engine/plan/commands.ts';
import { hmmRangeFault } from '../../model/mm/hmm.ts';
import type { Mm } from '../../model/mm/mm.ts';
import type { Fence } from '../../model/sched/fence.ts';
import type { Op } from '../../model/sched/op.ts';
import type { World } from '../../model/world.ts';
import type { Oracle } from '../workload/oracle.ts';
import type { VmaSpec } from '../workload/workload.ts';

/** Pages faulted in at a time. */
const CHUNK_PAGES = 512;
/** Chunks in flight: enough to keep a device busy, few enough to give the thread back often. */
const CHUNKS_AHEAD = 8;

/**
 * Faults every page of the VMAs in for writing and fills it with the oracle's contents (design.md §8 Accesses); when it
 * returns, the bytes are there. Throws when system memory is too small: sizing is the caller's.
 */
export function* populate(world: World, mm: Mm, vmas: readonly VmaSpec[], oracle: Oracle): Op<void> {
  const ahead: Fence[] = [];
  for (const vma of vmas) {
    for (let at = 0; at < vma.pages; at += CHUNK_PAGES) {
      const start = vma.startVpn + at;
      ahead.push(yield* populateChunk(world, mm, start, start + Math.min(CHUNK_PAGES, vma.pages - at), oracle));
      if (ahead.length > CHUNKS_AHEAD) yield* present(ahead.shift(), 'fence').wait();
    }
  }
  for (const fence of ahead) yield* fence.wait();
}

function* populateChunk(world: World, mm: Mm, startVpn: Vpn, endVpn: Vpn, oracle: Oracle): Op<Fence> {
  const pages = endVpn - startVpn;
  const range = {
    mm,
    notifier: null,
    seq: 0,
    startVpn,
    endVpn,
    request: 'write' as const,
    owner: null,
    pfns: new Uint32Array(pages),
    flags: new Uint8Array(pages),
  };
  yield* mm.mmapLock.read();
  const status = yield* hmmRangeFault(range);
  mm.mmapLock.unlockRead();
  if (status !== 0) throw new Error(`populating page 0x${startVpn.toString(16)}: ${status}`);
  return world.jobs.submit('cpu', 'populate', seedCommands(world, range.pfns, startVpn, oracle));
}

/** One FILL_SEEDED per run of frames that ascend with their pages. */
function seedCommands(world: World, pfns: Uint32Array, startVpn: Vpn, oracle: Oracle): Command[] {
  const commands: Command[] = [];
  for (let first = 0, i = 1; i <= pfns.length; i++) {
    if (i < pfns.length && continues(pfns, startVpn, first, i)) continue;
    const vpn = startVpn + first;
    commands.push({
      op: 'fillSeeded',
      space: SYSTEM_SPACE,
      frame: world.pages.frameOf(present(pfns[first], 'pfn')),
      pages: i - first,
      seed: oracle.fillSeed(vpn),
      pageLo: oracle.fillPageLo(vpn),
    });
    first = i;
  }
  return commands;
}

/** Page numbers whose low halves wrap get a command of their own. */
function continues(pfns: Uint32Array, startVpn: Vpn, first: number, i: number): boolean {
  return pfns[i] === present(pfns[i - 1], 'pfn') + 1 && (startVpn + i) % 2 ** 32 > (startVpn + first) % 2 ** 32;
}
