// The CPU side of a workload: resolves each touch through the model's page tables, then acts on the page's home.
import { present } from '../../base/assert.ts';
import { vpnOf, WORDS_PER_PAGE, type Pfn, type Vpn } from '../../base/units.ts';
import { ACCESS_KIND, ACCESS_RECORD_WORDS, type AccessKind, type Command } from '../../engine/plan/commands.ts';
import { cpuFault } from '../../model/mm/access.ts';
import type { Mm } from '../../model/mm/mm.ts';
import { PTE_KIND, pteKind, ptePfn, pteWritable } from '../../model/mm/page-table.ts';
import type { Fence } from '../../model/sched/fence.ts';
import type { Op } from '../../model/sched/op.ts';
import type { World } from '../../model/world.ts';
import type { AccessList } from '../workload/workload.ts';

/** Accesses of one job at most. */
const JOB_ACCESSES = 1024;

/** What the CPU made of a list: the word before each access, or the signal that stopped it. */
export interface CpuResult {
  readonly values: Uint32Array;
  readonly failure: string | null;
}

/**
 * Performs `list` in order. Accesses are gathered into jobs; a job goes out before anything that may wait, since a page
 * can only move while this task waits.
 */
export function* runCpuList(world: World, mm: Mm, list: AccessList): Op<CpuResult> {
  const values = new Uint32Array(list.count);
  const batches: Batch[] = [];
  let batch = new Batch(0);
  for (let i = 0; i < list.count; i++) {
    const at = i * ACCESS_RECORD_WORDS;
    const lo = present(list.records[at], 'lo');
    const kind = present(list.records[at + 2], 'kind') as AccessKind;
    const vpn = vpnOf(lo, present(list.records[at + 1], 'hi'));
    let pfn = residentPfn(mm, vpn, kind !== ACCESS_KIND.read);
    if (pfn < 0) {
      batch = flush(world, batch, batches, i);
      const found = yield* cpuFault(mm, vpn, kind !== ACCESS_KIND.read);
      if (typeof found === 'string') return { values, failure: `SIG${found} at page 0x${vpn.toString(16)}` };
      pfn = found;
    }
    const operand = present(list.records[at + 3], 'operand');
    batch.add({ op: 'cpuAccess', frame: world.pages.frameOf(pfn), word: (lo >>> 2) % WORDS_PER_PAGE, kind, operand });
    if (batch.commands.length === JOB_ACCESSES) batch = flush(world, batch, batches, i + 1);
  }
  flush(world, batch, batches, list.count);
  for (const sent of batches) yield* sent.collect(values);
  return { values, failure: null };
}

/** Frame of a page that the CPU may touch right away; −1 where it would fault. */
function residentPfn(mm: Mm, vpn: Vpn, write: boolean): Pfn {
  const word = mm.table.get(vpn);
  return pteKind(word) === PTE_KIND.present && (pteWritable(word) || !write) ? ptePfn(word) : -1;
}

/** Consecutive accesses of a list that went out, or will go out, as one job. */
class Batch {
  readonly first: number;
  readonly commands: Command[] = [];
  fence: Fence | null = null;

  constructor(first: number) {
    this.first = first;
  }

  add(command: Command): void {
    this.commands.push(command);
  }

  *collect(values: Uint32Array): Op<void> {
    const completion = yield* present(this.fence, 'fence').wait();
    values.set(completion.io, this.first);
  }
}

/** Sends a batch unless it is empty; `next` is the index of the access that opens the following one. */
function flush(world: World, batch: Batch, sent: Batch[], next: number): Batch {
  if (batch.commands.length === 0) return new Batch(next);
  batch.fence = world.jobs.submit('cpu', 'cpu access', batch.commands);
  sent.push(batch);
  return new Batch(next);
}
