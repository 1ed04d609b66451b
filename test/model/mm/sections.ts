// Invalidation sections for the tests of the notifier protocol.
import type { Status } from '../../../src/base/errno.ts';
import { MMU_EVENT } from '../../../src/model/event/event.ts';
import { IntervalNotifier, type InvalidateEvent } from '../../../src/model/mm/notifier.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import type { Machine } from './machine.ts';

/** A change of [startVpn, endVpn). */
export function change(startVpn: number, endVpn: number, blockable = true): InvalidateEvent {
  return { startVpn, endVpn, event: MMU_EVENT.CLEAR, blockable, owner: null };
}

/** A subscription whose callback only answers; it does not even note the sequence. */
export function never(machine: Machine, startVpn: number, endVpn: number): IntervalNotifier {
  return new IntervalNotifier(machine.mm.subscriptions, startVpn, endVpn, function* () {
    return true;
  });
}

/** A whole section; `inside` runs while it is open. Returns what `start` did. */
export function* section(machine: Machine, event: InvalidateEvent, inside: () => void = () => {}): Op<Status> {
  const { subscriptions } = machine.mm;
  const status = yield* subscriptions.start(event);
  inside();
  if (status === 0) subscriptions.end(event);
  return status;
}
