// The end of every run: each page of the address space is hashed where it lives and compared with the oracle.
import { present } from '../../base/assert.ts';
import type { Vpn } from '../../base/units.ts';
import type { Command, SpaceId } from '../../engine/plan/commands.ts';
import type { Mm } from '../../model/mm/mm.ts';
import { PTE_KIND, pteKind, ptePfn } from '../../model/mm/page-table.ts';
import type { Fence } from '../../model/sched/fence.ts';
import type { Op } from '../../model/sched/op.ts';
import type { Sched } from '../../model/sched/sched.ts';
import type { World } from '../../model/world.ts';
import type { Oracle } from '../workload/oracle.ts';
import type { VmaSpec } from '../workload/workload.ts';

export interface Verification {
  readonly pagesChecked: number;
  readonly mismatchedPages: number;
  /** The first page that differs, for the message; null when none does. */
  readonly firstMismatch: Vpn | null;
}

/** Pages hashed by one job. */
const JOB_PAGES = 2048;
/** Pages compared before other tasks, and the event loop, get a turn. */
const COMPARE_PAGES = 128;

interface Batch {
  readonly startVpn: Vpn;
  readonly commands: Command[];
  pages: number;
  fence: Fence | null;
}

/**
 * Compares every page. Nothing else may move pages meanwhile; it gives way often, so that the session stays responsive.
 * A page that has no frame counts as mismatched, since the workload's memory was populated.
 */
export function* verifyPages(world: World, mm: Mm, vmas: readonly VmaSpec[], oracle: Oracle): Op<Verification> {
  const batches: Batch[] = [];
  let homeless = 0;
  let firstHomeless: Vpn | null = null;
  for (const vma of vmas) {
    let batch = newBatch(vma.startVpn);
    for (let vpn = vma.startVpn; vpn < vma.startVpn + vma.pages; vpn++) {
      const pfn = homeOf(mm, vpn);
      if (pfn >= 0) addPage(batch, world.pages.spaceOf(pfn), world.pages.frameOf(pfn));
      else {
        homeless++;
        firstHomeless ??= vpn;
      }
      if (pfn >= 0 && batch.pages < JOB_PAGES) continue;
      batch = send(world, batch, batches, vpn + 1);
      yield* world.sched.giveWay();
    }
    send(world, batch, batches, 0);
  }
  const found = yield* compare(world.sched, batches, oracle);
  return {
    pagesChecked: found.pagesChecked + homeless,
    mismatchedPages: found.mismatchedPages + homeless,
    firstMismatch: found.firstMismatch ?? firstHomeless,
  };
}

/** Frame that holds the page's contents: present in RAM or device-private in VRAM. */
function homeOf(mm: Mm, vpn: Vpn): number {
  const word = mm.table.get(vpn);
  const kind = pteKind(word);
  return kind === PTE_KIND.present || kind === PTE_KIND.devPrivate ? ptePfn(word) : -1;
}

function newBatch(startVpn: Vpn): Batch {
  return { startVpn, commands: [], pages: 0, fence: null };
}

/** Extends the last HASH when the page continues its run of frames. */
function addPage(batch: Batch, space: SpaceId, frame: number): void {
  const last = batch.commands.at(-1);
  if (last?.op === 'hash' && last.space === space && last.frame + last.pages === frame) {
    batch.commands[batch.commands.length - 1] = { ...last, pages: last.pages + 1 };
  } else batch.commands.push({ op: 'hash', space, frame, pages: 1 });
  batch.pages++;
}

function send(world: World, batch: Batch, sent: Batch[], nextVpn: Vpn): Batch {
  if (batch.pages > 0) {
    batch.fence = world.jobs.submit('copy0', 'verify', batch.commands);
    sent.push(batch);
  }
  return newBatch(nextVpn);
}

function* compare(sched: Sched, batches: readonly Batch[], oracle: Oracle): Op<Verification> {
  const expected = new Uint32Array(2);
  let pagesChecked = 0;
  let mismatchedPages = 0;
  let firstMismatch: Vpn | null = null;
  for (const batch of batches) {
    const { io } = yield* present(batch.fence, 'fence').wait();
    for (let i = 0; i < batch.pages; i++) {
      if (i % COMPARE_PAGES === 0) yield* sched.giveWay();
      oracle.hash(batch.startVpn + i, expected, 0);
      pagesChecked++;
      if (io[2 * i] === expected[0] && io[2 * i + 1] === expected[1]) continue;
      mismatchedPages++;
      firstMismatch ??= batch.startVpn + i;
    }
  }
  return { pagesChecked, mismatchedPages, firstMismatch };
}
