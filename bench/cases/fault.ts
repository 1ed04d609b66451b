// How long the host waits to hear of faults: the floor under every service of a GPU page fault by a CPU.
import { fillSeededPage, pageKey } from '../../src/base/mix.ts';
import { vaHi, vaLo, WORDS_PER_PAGE, type Vpn } from '../../src/base/units.ts';
import { ACCESS_KIND, type Command } from '../../src/engine/plan/commands.ts';
import { FAULT_RECORD_WORDS, type Completion } from '../../src/engine/plan/job.ts';
import { SPACES, type Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { judgeFrames } from '../../src/lab/measure/chunk-plan.ts';
import type { Verification } from '../../src/lab/measure/report.ts';
import { TableImages } from '../../src/lab/measure/table-images.ts';

const UNMAPPED_VPN: Vpn = 0x7e0000000;
const ASID = 0xffffb;
const FAULTS = [1, 4, 16, 64, 256, 1024, 4096] as const;
/** Batches that a bare run measures. */
const CORE: readonly number[] = [1, 64, 256, 1024];

export const FAULT_CASES: readonly BenchCase[] = [
  ...FAULTS.map(tripOf),
  {
    id: 'fault.bare',
    about:
      'from the submission of the smallest job that reads something back until it is in hand: the floor of any trip',
    unit: 'ns',
    measure: 'latency',
    convention: 'wall time of one job that reads one page, with its submission and mapping',
    peer: null,
    limit: null,
    tier: 'core',
    group: 'fault',
    prepare: prepareBare,
  },
];

function tripOf(faults: number): BenchCase {
  const accesses = faults === 1 ? '1 access that misses' : `${faults} accesses that miss`;
  const each = faults === 1 ? '1 fault' : `${faults} faults, each on a page of its own`;
  return {
    id: `fault.roundtrip.${faults}`,
    about: `from the submission of ${accesses} until the fault records are in hand`,
    unit: 'ns',
    measure: 'latency',
    convention: `wall time of one round trip with ${each}; nothing is serviced`,
    peer: 'fault.bare',
    limit: 'fault.bare',
    tier: CORE.includes(faults) ? 'core' : 'more',
    group: 'fault',
    prepare: (arena) => prepareFaults(arena, faults),
  };
}

/** One page, whose contents the check has written before. */
function prepareBare(arena: Arena): PreparedCase {
  const words = new Uint32Array(WORDS_PER_PAGE);
  fillSeededPage(words, pageKey(arena.seed, 0));
  const read: Command = { op: 'readback', space: SPACES.vram, frame: 0, pages: 1 };
  const upload: Command = { op: 'upload', space: SPACES.vram, frame: 0, words };
  return {
    setup: [],
    maxOps: 1 << 16,
    amountPerOp: 1,
    region: () => ({ before: [], timed: [read] }),
    check: {
      commands: [arena.poison(SPACES.vram), upload, read],
      judge: (completion) => judgeFrames(completion, [words]),
    },
    params: { bytes: 4 * WORDS_PER_PAGE },
  };
}

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
