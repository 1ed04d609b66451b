// From a scenario to its workload.
import { PAGE_SIZE } from '../../base/units.ts';
import type { Scenario } from './scenario.ts';
import type { AccessTrace } from '../trace/access-trace.ts';
import { createPingPong, createRandom, createSweep } from '../workload/generated.ts';
import { createTraceWorkload } from '../workload/trace.ts';
import type { Workload } from '../workload/workload.ts';

/** The workload that `scenario` names. 'trace' needs the trace: null when it is missing. */
export function createWorkload(scenario: Scenario, trace: AccessTrace | null): Workload | null {
  const { workload, run } = scenario;
  const options = { ...workload, pages: workload.footprintBytes / PAGE_SIZE, seed: run.seed };
  switch (workload.name) {
    case 'sweep':
      return createSweep(options);
    case 'random':
      return createRandom(options);
    case 'ping-pong':
      return createPingPong(options);
    case 'trace':
      return trace === null ? null : createTraceWorkload(trace, workload.batch, workload.side);
  }
}
