// Eviction by memory pressure: oldest buffer objects first, one by one, until the allocation fits (xe.md §3.9).
import type { Errno, Status } from '../../base/errno.ts';
import { PAGE_SIZE, type Frame } from '../../base/units.ts';
import type { Cause, EventSink } from '../event/event.ts';
import type { Op } from '../sched/op.ts';
import type { Sched } from '../sched/sched.ts';
import { BO_PRIORITIES, type Bo } from './bo.ts';
import type { Lru } from './lru.ts';

/** What the evictor needs of its VRAM. */
export interface Reclaimable {
  readonly world: { readonly sched: Sched; readonly events: EventSink };
  readonly device: number;
  readonly dataUsed: number;
  readonly lru: Lru;
  place(pages: number): Frame[] | null;
  releaseBo(bo: Bo): void;
}

/** `skip`: the victim stays, look at the next one. */
type Outcome = Status | 'skip';

export class Evictor {
  private readonly vram: Reclaimable;

  constructor(vram: Reclaimable) {
    this.vram = vram;
  }

  /**
   * Evicts until `pages` contiguous pages can be placed; returns the placement. A first pass only tries reservations, a
   * second one waits for them and repeats while it makes progress. ENOMEM: nothing more to evict.
   */
  *makeRoom(pages: number, cause?: Cause): Op<Frame[] | Errno> {
    const why = cause ?? { rule: 'evict-lru', values: { wantedPages: pages, usedPages: this.vram.dataUsed } };
    for (let wait = false, again = true; again;) {
      const result = yield* this.pass(why, wait, () => this.vram.place(pages));
      if (result.error !== null) return result.error;
      if (result.value !== null) return result.value;
      again = !wait || result.evicted > 0;
      wait = true;
    }
    return 'ENOMEM';
  }

  /** Evicts one object, whichever comes first. ENOMEM: there is none. */
  *evictOne(cause?: Cause): Op<Status> {
    const why = cause ?? { rule: 'evict-lru', values: { wantedPages: 0, usedPages: this.vram.dataUsed } };
    for (const wait of [false, true]) {
      const result = yield* this.pass(why, wait, () => true);
      if (result.error !== null) return result.error;
      if (result.value !== null) return 0;
    }
    return 'ENOMEM';
  }

  /** One walk over the lists by priority, oldest first; after each eviction `enough` is asked and may end the walk. */
  private *pass<T>(
    cause: Cause,
    wait: boolean,
    enough: () => T | null,
  ): Op<{ value: T | null; error: Errno | null; evicted: number }> {
    const { lru } = this.vram;
    const horizon = lru.horizon;
    let evicted = 0;
    for (let priority = 0; priority < BO_PRIORITIES; priority++) {
      let seq = 0;
      for (let bo = lru.after(priority, 0); bo !== null && bo.lruSeq < horizon; bo = lru.after(priority, seq)) {
        seq = bo.lruSeq;
        const outcome = yield* this.evict(bo, cause, wait);
        if (outcome === 'skip') continue;
        if (outcome !== 0) return { value: null, error: outcome, evicted };
        evicted++;
        const value = enough();
        if (value !== null) return { value, error: null, evicted };
      }
    }
    return { value: null, error: null, evicted };
  }

  private *evict(bo: Bo, cause: Cause, wait: boolean): Op<Outcome> {
    if (bo.pinned || bo.owner === null || bo.resv.isHeldBy(this.vram.world.sched.currentTask())) return 'skip';
    if (!bo.resv.tryWrite(true)) {
      if (!wait) return 'skip';
      yield* bo.resv.write();
    }
    const outcome = bo.resident ? yield* this.evictLocked(bo, cause) : 0;
    bo.resv.unlockWrite();
    return outcome;
  }

  /** The object stays referenced while its owner works, so that its last page cannot take it away under us. */
  private *evictLocked(bo: Bo, cause: Cause): Op<Outcome> {
    if (bo.pinned || bo.owner === null) return 'skip';
    bo.get();
    const status = yield* bo.owner.evict(bo);
    // Success is a null move to system memory: the VRAM is free now, whatever references the object still has.
    if (status === 0) this.vram.releaseBo(bo);
    bo.put();
    const values = { ...cause.values, bo: bo.id, pages: bo.pages };
    const { world, device } = this.vram;
    world.events.emit(world.sched.now, {
      kind: 'evict',
      device,
      bytes: bo.pages * PAGE_SIZE,
      status,
      cause: { rule: cause.rule, values },
    });
    return status === 'EBUSY' || status === 'EALREADY' ? 'skip' : status;
  }
}
