// Time that the driver's own work takes on the model clock; live runs charge nothing, real time passes by itself.
import type { Ns } from '../../base/units.ts';
import type { Op } from '../sched/op.ts';
import type { XeDevice } from './device.ts';

/** Lets `ns` pass. Callers test for zero first, so that runs without charges yield nothing here. */
export function* charge(device: XeDevice, ns: Ns): Op<void> {
  const { sched } = device.world;
  yield* sched.sleepUntil(sched.now + ns);
}
