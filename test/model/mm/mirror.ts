// A GPU page table in miniature, for tests: what it maps must be what the CPU's table says, at every step (I27).
import { HMM_FLAG, hmmRangeFault } from '../../../src/model/mm/hmm.ts';
import type { Mm } from '../../../src/model/mm/mm.ts';
import { IntervalNotifier } from '../../../src/model/mm/notifier.ts';
import { PTE_KIND, pteKind, ptePfn, pteWritable } from '../../../src/model/mm/page-table.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { LOCK_RANK, RwLock } from '../../../src/model/sched/rw-lock.ts';

export class Mirror {
  readonly entries = new Map<number, { pfn: number; write: boolean }>();
  private readonly mm: Mm;
  private readonly owner: object;
  private readonly lock: RwLock;
  private readonly interval: IntervalNotifier;

  /** Mirrors [0, pages) of `mm` for a device with `owner`. */
  constructor(mm: Mm, owner: object, pages: number) {
    this.mm = mm;
    this.owner = owner;
    const { sched } = mm.world;
    const lock = new RwLock(sched, 'notifier', LOCK_RANK.notifier);
    const { entries } = this;
    const interval = new IntervalNotifier(mm.subscriptions, 0, pages, function* (event, cur) {
      if (!event.blockable) return false;
      yield* lock.write();
      interval.setSeq(cur);
      if (sched.exploring) yield* sched.point('mirror.zap');
      for (const vpn of entries.keys()) if (vpn >= event.startVpn && vpn < event.endVpn) entries.delete(vpn);
      lock.unlockWrite();
      return true;
    });
    mm.subscriptions.insert(interval);
    this.lock = lock;
    this.interval = interval;
  }

  /** The one big retry loop of the design: begin, walk, look again under the lock, map. */
  *fault(startVpn: number, endVpn: number, write: boolean): Op<string> {
    const { mm, owner } = this;
    const pfns = new Uint32Array(endVpn - startVpn);
    const flags = new Uint8Array(endVpn - startVpn);
    const request = write ? 'write' : 'fault';
    const fixed = { mm, notifier: this.interval, startVpn, endVpn, request, owner, pfns, flags } as const;
    for (let attempt = 0; attempt < 50; attempt++) {
      const seq = yield* this.interval.readBegin();
      yield* mm.mmapLock.read();
      const status = yield* hmmRangeFault({ ...fixed, seq });
      mm.mmapLock.unlockRead();
      if (status === 'EBUSY') continue;
      if (status !== 0) return status;
      yield* this.lock.read();
      const stale = this.interval.readRetry(seq);
      if (!stale) this.map(startVpn, pfns, flags);
      this.lock.unlockRead();
      if (!stale) return 'mapped';
    }
    return 'gave up';
  }

  check(): string[] {
    return [...this.entries].flatMap(([vpn, entry]) => {
      const word = this.mm.table.get(vpn);
      const kind = pteKind(word);
      const mapped = kind === PTE_KIND.present || kind === PTE_KIND.zero || kind === PTE_KIND.devPrivate;
      const good = mapped && ptePfn(word) === entry.pfn && (!entry.write || pteWritable(word));
      return good ? [] : [`I27 mirror at ${vpn} maps ${entry.pfn}, the CPU's entry is ${word}`];
    });
  }

  private map(startVpn: number, pfns: Uint32Array, flags: Uint8Array): void {
    pfns.forEach((pfn, i) => {
      this.entries.set(startVpn + i, { pfn, write: ((flags[i] as number) & HMM_FLAG.WRITE) !== 0 });
    });
  }
}
