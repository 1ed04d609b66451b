// MMU interval notifiers of one process: who is told before a span of its page table changes, and the sequence count
// by which a reader learns afterwards that it happened (gpusvm-and-pagemap.md §5.1; mm/mmu_notifier.c).
//
// The count is even while nothing that a subscription cares about is being changed, odd while something is. A
// subscription remembers the count of its last invalidation; it is always odd, so it equals the count exactly while
// that invalidation is still open.
import { assert } from '../../base/assert.ts';
import type { Status } from '../../base/errno.ts';
import type { Vpn } from '../../base/units.ts';
import type { MmuEvent } from '../event/event.ts';
import { WaitQueue } from '../sched/fence.ts';
import type { Op } from '../sched/op.ts';
import { LOCK_RANK, type RwLock } from '../sched/rw-lock.ts';
import type { Sched } from '../sched/sched.ts';
import type { Task } from '../sched/task.ts';

/** A change of [startVpn, endVpn) that is about to happen. */
export interface InvalidateEvent {
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly event: MmuEvent;
  /** A callback may wait only when this is set; otherwise it may refuse. */
  readonly blockable: boolean;
  /** Whose migration causes it, or null. */
  readonly owner: object | null;
}

/** What the protocol needs to know of its process. */
export interface NotifiedMm {
  readonly users: number;
  readonly mmapLock: RwLock;
}

/** False refuses; only an event that is not blockable may be refused. `cur` must go to `setSeq` under the user's lock. */
export type InvalidateCallback = (event: InvalidateEvent, cur: number) => Op<boolean>;

/** out → in, or out → inserting → in; in → out, or in → removing → out. Inserting and removing wait for an even count. */
type Membership = 'out' | 'inserting' | 'in' | 'removing';

export class IntervalNotifier {
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  readonly invalidate: InvalidateCallback;
  /** Count at the last invalidation of this interval; odd once inserted. */
  seq = 0;
  /** Changed by Subscriptions alone. */
  membership: Membership = 'out';
  private readonly subscriptions: Subscriptions;

  constructor(subscriptions: Subscriptions, startVpn: Vpn, endVpn: Vpn, invalidate: InvalidateCallback) {
    this.subscriptions = subscriptions;
    this.startVpn = startVpn;
    this.endVpn = endVpn;
    this.invalidate = invalidate;
  }

  /** Mandatory in every callback that accepts, under the user's lock. */
  setSeq(cur: number): void {
    this.seq = cur;
  }

  /** Opens a reader's attempt: waits for a running invalidation of this interval, returns the value for `readRetry`. */
  *readBegin(): Op<number> {
    const seq = this.seq;
    if (seq === this.subscriptions.seq) yield* this.subscriptions.waitWhileSeq(seq);
    return seq;
  }

  /** True when an invalidation came since `readBegin` returned `seq`. Final only under the user's lock. */
  readRetry(seq: number): boolean {
    return this.seq !== seq;
  }
}

export class Subscriptions {
  /** Starts at 2; odd while an invalidation that overlaps a subscription is open. */
  seq = 2;
  /** Blockable events that a callback refused: each is a bug of that callback (I36). */
  refusals = 0;
  /** Start/end sections that are open, any address. */
  readonly open: InvalidateEvent[] = [];
  private readonly mm: NotifiedMm;
  private readonly sched: Sched;
  private readonly members: IntervalNotifier[] = [];
  private readonly deferred: IntervalNotifier[] = [];
  private readonly seqChanged: WaitQueue;
  private readonly inCallback: Task[] = [];
  private registered = false;
  /** Longest interval ever inserted: bounds how far back an overlap can begin. */
  private longest = 0;

  constructor(sched: Sched, mm: NotifiedMm, name: string) {
    this.sched = sched;
    this.mm = mm;
    this.seqChanged = new WaitQueue(`invalidation of ${name}`);
  }

  /** Number of open sections. */
  get active(): number {
    return this.open.length;
  }

  /** Subscriptions that callbacks reach, in ascending order. */
  list(): readonly IntervalNotifier[] {
    return this.members;
  }

  /**
   * Opens a section and tells every overlapping subscription; returns when all callbacks have. The page table may be
   * changed until `end`. EAGAIN: a callback refused an event that is not blockable, the section is closed again and
   * the change must not be made.
   */
  *start(event: InvalidateEvent): Op<Status> {
    this.open.push(event);
    let index = this.firstOverlap(event);
    if (index < 0) return 0;
    this.makeOdd();
    const cur = this.seq;
    for (; index < this.members.length; index++) {
      const member = this.members[index] as IntervalNotifier;
      if (member.startVpn >= event.endVpn) break;
      if (member.endVpn <= event.startVpn) continue;
      if (yield* this.call(member, event, cur)) continue;
      if (!event.blockable) {
        this.end(event);
        return 'EAGAIN';
      }
      this.refusals++;
    }
    return 0;
  }

  /** Closes a section that `start` opened with the same object. */
  end(event: InvalidateEvent): void {
    const index = this.open.indexOf(event);
    assert(index >= 0, 'an invalidation ends that was not started');
    this.open.splice(index, 1);
    if (this.open.length > 0 || !this.odd) return;
    this.seq++;
    for (const member of this.deferred) this.settle(member);
    this.deferred.length = 0;
    this.seqChanged.wakeAll();
  }

  /** EOVERFLOW: empty interval. EINVAL: the process is gone. */
  insert(sub: IntervalNotifier): Status {
    if (sub.endVpn <= sub.startVpn || sub.startVpn < 0) return 'EOVERFLOW';
    if (this.mm.users === 0) return 'EINVAL';
    assert(sub.membership === 'out', 'an interval notifier is inserted twice');
    this.registered = true;
    if (this.odd) this.defer(sub, 'inserting');
    else {
      // An open section may cover the newcomer: make the count odd so that its readers wait for the section's end.
      if (this.active > 0) this.makeOdd();
      this.add(sub);
    }
    sub.seq = this.active > 0 ? this.seq : this.seq - 1;
    return 0;
  }

  /** `insert` as a process does it: its first subscription takes the mmap lock for writing. */
  *register(sub: IntervalNotifier): Op<Status> {
    if (this.registered) return this.insert(sub);
    yield* this.mm.mmapLock.write();
    const status = this.insert(sub);
    this.mm.mmapLock.unlockWrite();
    return status;
  }

  /** After it returns no callback of `sub` runs. Waits for a running invalidation, hence never call it from a callback. */
  *remove(sub: IntervalNotifier): Op<void> {
    if (!this.odd) {
      assert(sub.membership === 'in', 'an interval notifier is removed that is not inserted');
      this.drop(sub);
    } else if (sub.membership === 'inserting') {
      this.deferred.splice(this.deferred.indexOf(sub), 1);
      sub.membership = 'out';
    } else {
      assert(sub.membership === 'in', 'an interval notifier is removed twice');
      this.defer(sub, 'removing');
      yield* this.waitWhileSeq(this.seq);
    }
  }

  /** Waits until the count has moved on from `seq`. */
  *waitWhileSeq(seq: number): Op<void> {
    if (this.seq !== seq) return;
    this.assertMayWait();
    while (this.seq === seq) yield this.seqChanged;
  }

  private get odd(): boolean {
    return this.seq % 2 === 1;
  }

  private makeOdd(): void {
    if (!this.odd) this.seq++;
  }

  private *call(member: IntervalNotifier, event: InvalidateEvent, cur: number): Op<boolean> {
    const task = this.sched.currentTask();
    assert(member.membership !== 'out', 'I38: callback of a removed interval notifier');
    if (this.sched.injection !== null) yield* this.sched.point('notifier.invalidate');
    this.inCallback.push(task);
    const accepted = yield* member.invalidate(event, cur);
    this.inCallback.splice(this.inCallback.lastIndexOf(task), 1);
    return accepted;
  }

  /** R10: who waits here inside a callback, or holding the lock that callbacks take, waits for itself. */
  private assertMayWait(): void {
    const task = this.sched.currentTask();
    assert(!this.inCallback.includes(task), () => `R10: ${task.name} waits for an invalidation inside a callback`);
    for (const lock of task.held) {
      assert(lock.rank < LOCK_RANK.notifier, () => `R10: ${task.name} waits for an invalidation holding ${lock.name}`);
    }
  }

  private defer(sub: IntervalNotifier, membership: Membership): void {
    sub.membership = membership;
    this.deferred.push(sub);
  }

  private settle(sub: IntervalNotifier): void {
    if (sub.membership === 'inserting') this.add(sub);
    else this.drop(sub);
  }

  private add(sub: IntervalNotifier): void {
    let index = this.members.length;
    while (index > 0 && (this.members[index - 1] as IntervalNotifier).startVpn > sub.startVpn) index--;
    this.members.splice(index, 0, sub);
    this.longest = Math.max(this.longest, sub.endVpn - sub.startVpn);
    sub.membership = 'in';
  }

  private drop(sub: IntervalNotifier): void {
    this.members.splice(this.members.indexOf(sub), 1);
    sub.membership = 'out';
  }

  /** Index of the overlapping subscription with the smallest start, or −1. */
  private firstOverlap(event: InvalidateEvent): number {
    for (let i = this.firstStartingAfter(event.startVpn - this.longest); i < this.members.length; i++) {
      const member = this.members[i] as IntervalNotifier;
      if (member.startVpn >= event.endVpn) return -1;
      if (member.endVpn > event.startVpn) return i;
    }
    return -1;
  }

  private firstStartingAfter(vpn: Vpn): number {
    let low = 0;
    let high = this.members.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.members[middle] as IntervalNotifier).startVpn > vpn) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
