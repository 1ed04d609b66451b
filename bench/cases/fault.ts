// How long the host waits to hear of faults: the floor under every service of a GPU page fault by a CPU.
import { vaHi, vaLo, type Vpn } from '../../src/base/units.ts';
import { ACCESS_KIND, type Command } from '../../src/engine/plan/commands.ts';
import { FAULT_RECORD_WORDS, type Completion } from '../../src/engine/plan/job.ts';
import type { Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import type { Verification } from '../../src/lab/measure/report.ts';
import { TableImages } from '../../src/lab/measure/table-images.ts';

const UNMAPPED_VPN: Vpn = 0x7e0000000;
const ASID = 0xffffb;
const FAULTS = [1, 64, 1024] as const;

export const FAULT_CASES: readonly BenchCase[] = FAULTS.map((faults) => ({
  id: `fault.roundtrip.${faults}`,
  about: `from the submission of ${faults} access${faults > 1 ? 'es' : ''} that miss${faults > 1 ? '' : 'es'} until the fault records are in hand`,
  unit: 'ns',
  measure: 'latency',
  convention: `wall time of one round trip with ${faults} fault${faults > 1 ? 's, each on a page of its own' : ''}; nothing is serviced`,
  peer: faults === 1 ? null : 'fault.roundtrip.1',
  limit: null,
  group: 'fault',
  prepare: (arena) => prepareFaults(arena, faults),
}));

function prepareFaults(arena: Arena, faults: number): PreparedCase {
  const images = new TableImages(() => arena.takeTables(1));
  const records = Uint32Array.from(Array.from({ length: faults }, (_, i) => recordOf(UNMAPPED_VPN + i)).flat());
  const load: Command = { op: 'accessLoad', base: 0, records };
  const access: Command = {
    op: 'access',
    asid: ASID,
    root: images.root,
    base: 0,
    count: faults,
    tlb: false,
    chained: false,
  };
  return {
    setup: images.uploads(),
    maxOps: 1 << 16,
    amountPerOp: 1,
    // A miss leaves its access pending: the next trip misses again.
    region: () => ({ before: [load], timed: [access] }),
    check: { commands: [load, access], judge: (completion) => judgeFaults(completion, faults) },
    params: { faults },
  };
}

function recordOf(vpn: Vpn): number[] {
  return [vaLo(vpn), vaHi(vpn), ACCESS_KIND.read, 0];
}

/** Every fault must be reported once; each stands for one page. */
function judgeFaults(completion: Completion, faults: number): Verification {
  const reported = completion.faults.length / FAULT_RECORD_WORDS;
  return { pagesChecked: faults, mismatchedPages: Math.abs(faults - reported) };
}
