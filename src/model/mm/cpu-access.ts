// What a program on the CPU does with memory, word by word: load, store, atomic add; a signal where it may not.
import type { Vpn } from '../../base/units.ts';
import { ACCESS_KIND, type AccessKind } from '../../engine/plan/commands.ts';
import type { Op } from '../sched/op.ts';
import { cpuFault } from './access.ts';
import type { Mm } from './mm.ts';

/** The word before the access, or the signal: SEGV without an area or permission, BUS where the page cannot be had. */
export type CpuResult = number | 'SEGV' | 'BUS';

/** Loads word `word` (0…1023) of the page. */
export function cpuRead(mm: Mm, vpn: Vpn, word: number): Op<CpuResult> {
  return access(mm, vpn, word, ACCESS_KIND.read, 0);
}

/** Stores old + `add`, as the GPU's stores do: then the order of stores cannot change the result. Returns the old word. */
export function cpuWrite(mm: Mm, vpn: Vpn, word: number, add: number): Op<CpuResult> {
  return access(mm, vpn, word, ACCESS_KIND.write, add);
}

/** Adds `add` in one step and returns the old word. */
export function cpuAtomicAdd(mm: Mm, vpn: Vpn, word: number, add: number): Op<CpuResult> {
  return access(mm, vpn, word, ACCESS_KIND.atomic, add);
}

/** The job goes out before anything can wait: until then the frame that the fault found is the page's. */
function* access(mm: Mm, vpn: Vpn, word: number, kind: AccessKind, operand: number): Op<CpuResult> {
  const pfn = yield* cpuFault(mm, vpn, kind !== ACCESS_KIND.read);
  if (typeof pfn === 'string') return pfn;
  const { jobs, pages } = mm.world;
  const frame = pages.frameOf(pfn);
  const fence = jobs.submit('cpu', 'access', [{ op: 'cpuAccess', frame, word, kind, operand }]);
  return (yield* fence.wait()).io[0] as number;
}
