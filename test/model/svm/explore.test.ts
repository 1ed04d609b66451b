// Seeded interleavings of GPU faults, CPU writes, eviction, migration and unmapping, the invariants after every step and
// a byte oracle at every read and at the end (I49). A failing seed goes into SEEDS and stays there.
import { expect, it } from 'vitest';
import { isErrno } from '../../../src/base/errno.ts';
import { createRng, type Rng } from '../../../src/base/rng.ts';
import { cpuFault } from '../../../src/model/mm/access.ts';
import { evictToRam } from '../../../src/model/pagemap/evict.ts';
import { populateMm } from '../../../src/model/pagemap/populate.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { svmCtx } from '../../../src/model/svm/ctx.ts';
import { rangeFindOrInsert } from '../../../src/model/svm/find-or-insert.ts';
import { rangeGetPages } from '../../../src/model/svm/get-pages.ts';
import { pagesValid } from '../../../src/model/svm/pages.ts';
import { rangeEvict } from '../../../src/model/svm/range-evict.ts';
import { rangeRemove } from '../../../src/model/svm/range-remove.ts';
import type { SvmRange } from '../../../src/model/svm/range.ts';
import { svmFini } from '../../../src/model/svm/svm.ts';
import { Machine, TEST_CAUSE } from '../../support/fake-devmem.ts';

const SPAN = 96;
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

/** Truth about every page: undefined = untouched or unmapped. */
type Oracle = (number | undefined)[];

class Actor {
  readonly m: Machine;
  readonly oracle: Oracle;
  readonly rng: Rng;

  constructor(m: Machine, oracle: Oracle, rng: Rng) {
    this.m = m;
    this.oracle = oracle;
    this.rng = rng;
  }

  *rest(): Op<void> {
    const { sched } = this.m;
    yield* sched.sleepUntil(sched.now + this.rng.below(20_000));
  }

  /** The CPU: reads are checked, writes recorded in the step in which they happen. */
  *cpu(): Op<void> {
    const { m, rng, oracle } = this;
    for (let i = 0; i < 40; i++) {
      yield* this.rest();
      const vpn = rng.below(SPAN);
      const write = rng.below(2) === 0;
      const pfn = yield* cpuFault(m.mm, vpn, write);
      if (typeof pfn === 'string') continue;
      if (write) oracle[vpn] = m.bytes[pfn] = rng.u32();
      else expect(m.bytes[pfn], `page ${vpn}`).toBe(oracle[vpn] ?? 0);
    }
  }

  /** The GPU: range, perhaps migration, pages; then one store through the mapping, as long as it is valid. */
  *gpu(): Op<void> {
    for (let i = 0; i < 25; i++) {
      yield* this.rest();
      yield* this.m.locked(this.gpuFault(this.rng.below(SPAN)));
    }
  }

  private *gpuFault(vpn: number): Op<void> {
    const { m, rng, oracle } = this;
    for (const range of m.unmapped.splice(0)) yield* rangeRemove(m.svm, range);
    const ctx = svmCtx({ devmemPossible: true, checkPagesThresholdPages: 4, devicePrivatePageOwner: m.pagemap.owner });
    const range = yield* rangeFindOrInsert(m.svm, vpn, 0, SPAN, ctx);
    if (isErrno(range)) return;
    const cause = { rule: 'gpu-fault', values: {} };
    const slice = rng.below(2) * 30_000;
    if (rng.below(3) > 0) yield* populateMm(m.pagemap, range.startVpn, range.endVpn, m.mm, slice, cause);
    const status = yield* rangeGetPages(m.svm, range, ctx);
    if (status === 'EOPNOTSUPP') yield* rangeEvict(m.svm, range);
    if (status !== 0) return;
    yield* m.svm.notifierLock.read();
    const pfn = pagesValid(range.pages) ? mappedPfn(m, range, vpn) : -1;
    if (pfn >= 0) {
      expect(m.bytes[pfn], `page ${vpn} on the GPU`).toBe(oracle[vpn] ?? 0);
      oracle[vpn] = m.bytes[pfn] = rng.u32();
    }
    m.svm.notifierLock.unlockRead();
  }

  *pressure(): Op<void> {
    const { m, rng } = this;
    for (let i = 0; i < 15; i++) {
      yield* this.rest();
      const live = m.device.allocations.filter((a) => !a.released);
      const victim = live[rng.below(Math.max(1, live.length))];
      if (victim !== undefined) yield* evictToRam(victim, TEST_CAUSE);
    }
  }

  /** Unmaps a piece and maps fresh memory there. */
  *mapper(): Op<void> {
    const { m, rng, oracle } = this;
    for (let i = 0; i < 8; i++) {
      yield* this.rest();
      const start = rng.below(SPAN);
      const end = Math.min(SPAN, start + 1 + rng.below(24));
      yield* m.mm.mmapLock.write();
      m.mm.mmapLock.unlockWrite();
      yield* m.mm.munmap(start, end);
      for (let vpn = start; vpn < end; vpn++) oracle[vpn] = undefined;
      m.mm.mmap(start, end - start);
    }
  }
}

function mappedPfn(m: Machine, range: SvmRange, vpn: number): number {
  let pfn = -1;
  range.pages.forEachSegment((offset, proto, frame, pages) => {
    const at = vpn - range.startVpn - offset;
    if (at >= 0 && at < pages) pfn = m.world.pages.pfnOf(proto, frame + at);
  });
  return pfn;
}

it.each(SEEDS)('seed %i', async (seed) => {
  const rng = createRng(seed);
  const m = new Machine({
    systemPages: 320,
    devicePages: [64],
    chunkPages: [16, 4, 1],
    notifierPages: 64,
    explore: rng.fork('sched'),
  });
  m.mm.mmap(0, SPAN);
  const oracle: Oracle = Array.from({ length: SPAN });
  const actor = (name: string) => new Actor(m, oracle, rng.fork(name));
  await m.runAll(
    actor('cpu0').cpu(),
    actor('cpu1').cpu(),
    actor('gpu0').gpu(),
    actor('gpu1').gpu(),
    actor('pressure').pressure(),
    actor('mapper').mapper(),
  );
  for (let vpn = 0; vpn < SPAN; vpn++) expect(await m.run(m.read(vpn)), `page ${vpn}`).toBe(oracle[vpn] ?? 0);
  await m.run(m.locked(svmFini(m.svm)));
  await m.run(m.mm.exit());
  expect([m.state.zdds.live, m.pagemap.ref, m.device.freePages]).toEqual([0, 1, 64]);
  expect(m.device.releases).toBe(m.device.allocations.length);
  expect(m.world.pages.freeSystem).toBe(319);
});
