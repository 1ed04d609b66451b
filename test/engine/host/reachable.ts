// Random jobs that an executor with host pages may be asked for: those of the differential tests without the commands that
// would make a device reach into host memory.
import { SYSTEM_SPACE, type Command } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { randomJobs } from '../../support/random-jobs.ts';

function reachable(command: Command): boolean {
  switch (command.op) {
    case 'copyTranslated':
      return ![command.srcSpace, command.dstSpace, command.root.space].includes(SYSTEM_SPACE);
    case 'copyBaseline':
      return ![command.srcSpace, command.dstSpace].includes(SYSTEM_SPACE);
    case 'access':
      return command.root.space !== SYSTEM_SPACE;
    case 'chase':
      return command.space !== SYSTEM_SPACE;
    default:
      return true;
  }
}

/** The episode of `seed`, all of it within reach. */
export function reachableJobs(seed: number, config: ExecutorConfig, count: number, firstSeq: number): Job[] {
  return randomJobs(seed, config, count, firstSeq).map((job) => ({
    ...job,
    commands: job.commands.filter(reachable),
  }));
}
