// Taking a range, and with the last one its notifier, out of the mirror.
import { assert } from '../../base/assert.ts';
import type { Op } from '../sched/op.ts';
import { notifierFind } from './find.ts';
import type { SvmNotifier } from './notifier.ts';
import { rangePut, type SvmRange } from './range.ts';
import type { GpuSvm } from './svm.ts';
import { freeSlots, unmapLocked } from './unmap.ts';

/**
 * Unmaps the range, takes it out of the tree and drops the tree's reference; a notifier left empty is unregistered and
 * dropped. Driver lock held; never from inside `invalidate`, since it waits for invalidations. A range whose notifier
 * is gone is reported and left alone (I11) (gpusvm-and-pagemap.md §3.6, `svm:range_remove`).
 */
export function* rangeRemove(svm: GpuSvm, range: SvmRange): Op<void> {
  svm.assertDriverLocked('range_remove');
  const { sched, events } = svm.world;
  const notifier = notifierFind(svm, range.startVpn, range.startVpn + 1);
  if (notifier === null) {
    events.emit(sched.now, { kind: 'note', text: `range_remove: no notifier at page ${range.startVpn}` });
    return;
  }
  yield* svm.notifierLock.read();
  unmapLocked(svm, range.pages);
  freeSlots(svm, range.pages);
  const found = notifier.ranges.remove(range);
  range.inTree = false;
  svm.notifierLock.unlockRead();
  assert(found, () => `range_remove: range ${range.startVpn} is not in its notifier`);
  rangePut(range);
  if (notifier.ranges.size === 0) yield* notifierRemove(svm, notifier);
}

function* notifierRemove(svm: GpuSvm, notifier: SvmNotifier): Op<void> {
  yield* unregister(svm, notifier);
  svm.notifiers.remove(notifier);
}

/** Ends the notifier's callbacks, once; waits for a running one. */
export function* unregister(svm: GpuSvm, notifier: SvmNotifier): Op<void> {
  if (notifier.removed || svm.mm === null) return;
  notifier.removed = true;
  const { sched } = svm.world;
  if (sched.exploring) yield* sched.point('svm.notifier-remove');
  yield* svm.mm.subscriptions.remove(notifier.interval);
}
