// The fault rings of one device: every record that gets in is answered exactly once, first in first out per ASID (I-F4).
import type { Errno, Status } from '../../base/errno.ts';
import { NS_PER_MS, type Ns, type Vpn } from '../../base/units.ts';
import { FAULT_RECORD_WORDS } from '../../engine/plan/job.ts';
import { SILENT } from '../event/event.ts';
import { WaitQueue } from '../sched/fence.ts';
import type { Op } from '../sched/op.ts';
import type { XeDevice } from './device.ts';
import { printFault } from './fault-print.ts';
import { blankFault, decodeFault, encodeReply, FAULT_REPLY_WORDS, type FaultRecord } from './fault-record.ts';
import { type Batch, FaultRing } from './fault-ring.ts';
import { serviceFault } from './fault-service.ts';
import { logPhase } from './range-log.ts';
import type { XeVm } from './vm.ts';

/** Rings of a device; the ASID picks one, so that a VM's faults stay in order (xe.md §1.2). */
const RINGS = 4;
/** Longest time that a worker drains a ring before it queues itself again. */
const SLICE_NS = 20 * NS_PER_MS;

/** An access that will never succeed: the device was told so. Whoever drives the access program must drop it. */
export interface FaultFailure {
  readonly asid: number;
  readonly vpn: Vpn;
  readonly access: number;
  /** Cookie of the record: the access's index minus `base` of its command. */
  readonly pdata: number;
  /** Null: the range is mapped as it should be and the access faults all the same. */
  readonly error: Errno | null;
  /** The rule that decided, in words. */
  readonly rule: string;
  /** Identical faults without progress; 1 for an access refused at once. */
  readonly repeats: number;
}

export class FaultQueue {
  private readonly device: XeDevice;
  private readonly rings: readonly FaultRing[];
  /** Woken whenever the last record of a batch is answered. */
  private readonly answered = new WaitQueue('faults answered');
  private readonly incoming = blankFault();
  /** Per ASID: youngest record of this batch by page and access kind. */
  private readonly seen = new Map<number, Map<number, number>>();
  private batches = 0;
  private waiting = 0;
  private replies = new Uint32Array(256);
  private replyCount = 0;
  private failures: FaultFailure[] = [];
  /** The record that each ring's worker is at. */
  private readonly scratch: readonly FaultRecord[];

  constructor(device: XeDevice) {
    this.device = device;
    this.rings = Array.from({ length: RINGS }, () => new FaultRing(device.options.faultRingRecords));
    this.scratch = this.rings.map(blankFault);
  }

  /** Records taken in and not answered yet. */
  get pending(): number {
    return this.waiting;
  }

  /**
   * Takes the records of one batch (a completion's `faults`: 4 words each) and starts serving them. Returns how many
   * got in: a full ring drops the rest of its records (ENOSPC in the driver), whose accesses stay pending and fault
   * again. EPROTO when the words are not whole records; nothing is taken then.
   */
  push(words: Uint32Array): number | 'EPROTO' {
    const batch = this.take(words);
    return batch === 'EPROTO' ? batch : batch.left;
  }

  /** Waits until every record taken in is answered. */
  *idle(): Op<void> {
    while (this.waiting > 0) yield this.answered;
  }

  /** `push`, then waits until this batch is answered, whatever else comes in meanwhile. */
  *serve(words: Uint32Array): Op<number | 'EPROTO'> {
    const batch = this.take(words);
    if (batch === 'EPROTO') return batch;
    const taken = batch.left;
    while (batch.left > 0) yield this.answered;
    return taken;
  }

  /** Replies since the last call, two words each, in the order they were given (xe.md §1.1). */
  takeReplies(): Uint32Array {
    const replies = this.replies.slice(0, this.replyCount * FAULT_REPLY_WORDS);
    this.replyCount = 0;
    return replies;
  }

  /** Accesses given up since the last call. */
  takeFailures(): FaultFailure[] {
    const failures = this.failures;
    this.failures = [];
    return failures;
  }

  private take(words: Uint32Array): Batch | 'EPROTO' {
    if (words.length % FAULT_RECORD_WORDS !== 0) return 'EPROTO';
    const batch = { id: ++this.batches, left: 0 };
    this.seen.clear();
    for (let offset = 0; offset < words.length; offset += FAULT_RECORD_WORDS) this.admit(words, offset, batch);
    const dropped = words.length / FAULT_RECORD_WORDS - batch.left;
    if (dropped > 0) this.logDropped(dropped);
    this.rings.forEach((ring, i) => this.wake(ring, i));
    return batch;
  }

  private admit(words: Uint32Array, offset: number, batch: Batch): void {
    const record = this.incoming;
    decodeFault(words, offset, FAULT_RECORD_WORDS, record);
    const { world, stats, policy } = this.device;
    const ring = this.rings[record.asid % RINGS] as FaultRing;
    const position = ring.push(words, offset, world.sched.now, batch);
    if (position < 0) return;
    batch.left++;
    this.waiting++;
    stats.addOwn('x_fault_records');
    if (policy.sharesAnswer()) this.mergeSamePage(ring, record, position);
    if (world.events !== SILENT) logFault(this.device, record);
  }

  /** Links the record to the last one of the batch with the same page and access kind. */
  private mergeSamePage(ring: FaultRing, record: FaultRecord, position: number): void {
    let pages = this.seen.get(record.asid);
    if (pages === undefined) this.seen.set(record.asid, (pages = new Map()));
    const key = record.vpn * 4 + record.access;
    const earlier = pages.get(key);
    if (earlier !== undefined) ring.linkDuplicate(earlier, position);
    pages.set(key, position);
  }

  private wake(ring: FaultRing, index: number): void {
    if (ring.working || ring.count === 0) return;
    ring.working = true;
    this.device.world.sched.spawn(`faults ${this.device.index}.${index}`, this.drain(ring, index));
  }

  private *drain(ring: FaultRing, index: number): Op<void> {
    const { sched } = this.device.world;
    const sliceEnd = sched.now + SLICE_NS;
    const record = this.scratch[index] as FaultRecord;
    while (ring.count > 0 && sched.now <= sliceEnd) yield* this.answerHead(ring, record);
    ring.working = false;
    this.wake(ring, index);
  }

  private *answerHead(ring: FaultRing, record: FaultRecord): Op<void> {
    ring.readHead(record);
    const inherited = ring.headAnswer;
    let status = inherited;
    if (status === null) status = yield* this.serveHead(ring, record);
    else this.device.stats.addOwn('x_fault_merged');
    this.reply(record, status !== 0);
    if (inherited !== null && inherited !== 0) this.copyFailure(record, inherited);
    const arrival = ring.headArrival;
    const batch = ring.headBatch;
    ring.pop(status);
    this.waiting--;
    if (--batch.left === 0) this.answered.wakeAll();
    this.logDone(record, status, arrival);
  }

  private *serveHead(ring: FaultRing, record: FaultRecord): Op<Status> {
    const vm = this.device.driver.find(record.asid);
    if (vm === null || vm.device !== this.device) {
      return this.fail(record, 'EINVAL', 'no VM has the address-space id', 1);
    }
    logPhase(vm, 'queue', record.vpn, ring.headArrival);
    const status = yield* serviceFault(vm, record);
    if (status !== 0) return this.fail(record, status, vm.outcome.rule, 1);
    return this.watch(vm, record, ring.headBatch.id);
  }

  /** Success so far; gives the access up when it was told so too often. */
  private watch(vm: XeVm, record: FaultRecord, batch: number): Status {
    const repeats = vm.livelocks.observe(vm.outcome.kind, record, batch);
    if (repeats < this.device.options.livelockLimit) return 0;
    vm.livelocks.forget(record);
    const { world, stats } = this.device;
    const { error, rule } = vm.outcome;
    stats.addOwn('x_livelocks');
    world.events.emit(world.sched.now, { kind: 'livelock', asid: record.asid, vpn: record.vpn, repeats, error });
    return this.fail(record, error, rule, repeats);
  }

  /** Notes the failure and prints it; the answer is the error, EFAULT where the driver saw none. */
  private fail(record: FaultRecord, error: Errno | null, rule: string, repeats: number): Errno {
    const { asid, vpn, access, pdata } = record;
    this.failures.push({ asid, vpn, access, pdata, error, rule, repeats });
    const { world, stats } = this.device;
    stats.addOwn('x_fault_nacks');
    const shown = error ?? 'EFAULT';
    if (world.events !== SILENT) world.events.emit(world.sched.now, { kind: 'note', text: printFault(record, shown) });
    return shown;
  }

  /** A duplicate of a failed record fails for the same reason. */
  private copyFailure(record: FaultRecord, error: Errno): void {
    const { asid, vpn, access, pdata } = record;
    const same = this.failures.findLast((f) => f.asid === asid && f.vpn === vpn && f.access === access);
    const rule = 'as the record that it repeats';
    this.failures.push({ ...(same ?? { asid, vpn, access, error, rule, repeats: 1 }), pdata });
  }

  private reply(record: FaultRecord, failed: boolean): void {
    const offset = this.replyCount * FAULT_REPLY_WORDS;
    if (offset === this.replies.length) {
      const grown = new Uint32Array(this.replies.length * 2);
      grown.set(this.replies);
      this.replies = grown;
    }
    encodeReply(record, failed, this.replies, offset);
    this.replyCount++;
  }

  private logDone(record: FaultRecord, status: Status, startNs: Ns): void {
    const { world } = this.device;
    if (world.events === SILENT) return;
    const { asid, vpn } = record;
    world.events.emit(world.sched.now, { kind: 'fault-done', asid, vpn, status, startNs });
  }

  private logDropped(count: number): void {
    const { world, stats } = this.device;
    stats.addOwn('x_fault_dropped', count);
    const text = `fault ring of device ${this.device.index} is full: ${count} records dropped (ENOSPC)`;
    world.events.emit(world.sched.now, { kind: 'note', text });
  }
}

function logFault(device: XeDevice, record: FaultRecord): void {
  const { asid, vpn, level } = record;
  const access = Math.min(record.access, 2) as 0 | 1 | 2;
  const faultType = Math.min(record.faultType, 2) as 0 | 1 | 2;
  device.world.events.emit(device.world.sched.now, { kind: 'fault', asid, vpn, access, faultType, level });
}
