// Settings that are fine one by one and not together.
import { refusal, type Refusal } from './refusal.ts';
import type { Scenario } from './scenario.ts';

/** The first two fields that do not go together, told as a refusal of one of them; null when all do. */
export function contradiction(scenario: Scenario): Refusal | null {
  const { workload: load, engine: options, run: how } = scenario;
  if (load.writePercent + load.atomicPercent > 100)
    return refusal(
      'workload.atomicPercent',
      load.atomicPercent,
      `at most ${100 - load.writePercent} beside writes of ${load.writePercent} %`,
    );
  // A dropped fault is raised again in an order that lanes decide: with the model clock every fault must fit.
  if (how.clock === 'model' && options.faultCapacity < load.batch)
    return refusal(
      'engine.faultCapacity',
      options.faultCapacity,
      `at least workload.batch (${load.batch}) with the model clock`,
    );
  // The engine copies by addresses that it walks in a device's memory: the host's is not there.
  if (how.systemPages === 'host' && options.copyMode === 'translated')
    return refusal(
      'run.systemPages',
      how.systemPages,
      '"device" while engine.copyMode is "translated"; "host" with engine.copyMode "physical"',
    );
  return null;
}
