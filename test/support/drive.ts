// Drives a scheduler in tests: model clock, jobs executed by a given executor or completed with no bytes moved.
import type { Executor } from '../../src/engine/plan/executor.ts';
import { ioWords } from '../../src/engine/plan/commands.ts';
import type { Completion, Job } from '../../src/engine/plan/job.ts';
import type { JobQueue } from '../../src/model/sched/job-queue.ts';
import type { Sched } from '../../src/model/sched/sched.ts';
import type { Op } from '../../src/model/sched/op.ts';

/** Runs until no task is alive. Fences signal in order at their model times; throws with the task list on deadlock. */
export async function drive(sched: Sched, jobs: JobQueue, executor: Executor | null = null): Promise<void> {
  const done = new Map<number, Completion>();
  let now = sched.now;
  for (;;) {
    const state = sched.run(now);
    for (const job of jobs.drain()) {
      if (executor === null) done.set(job.seq, emptyCompletion(job));
      else executor.submit(job);
    }
    if (state.ready > 0) continue;
    const fence = jobs.nextDue();
    if (state.alive === 0 && fence === null) return;
    if (fence !== null && (state.nextDeadline === null || fence.modelDone <= state.nextDeadline)) {
      while (!done.has(fence.seq)) {
        await executor?.settled();
        for (const completion of executor?.take() ?? []) done.set(completion.seq, completion);
      }
      now = Math.max(now, fence.modelDone);
      jobs.complete(done.get(fence.seq) as Completion);
    } else if (state.nextDeadline !== null) now = state.nextDeadline;
    else throw new Error(`deadlock:\n${sched.describeTasks().join('\n')}`);
  }
}

/** Runs one operation to its end and returns its result. */
export async function runOp<T>(sched: Sched, jobs: JobQueue, op: Op<T>, executor: Executor | null = null): Promise<T> {
  let result: { value: T } | null = null;
  sched.spawn('test', op, (value) => {
    result = { value };
  });
  await drive(sched, jobs, executor);
  if (result === null) throw new Error('operation did not end');
  return (result as { value: T }).value;
}

function emptyCompletion(job: Job): Completion {
  const io = new Uint32Array(job.commands.reduce((sum, command) => sum + ioWords(command), 0));
  return { seq: job.seq, status: 'ok', faults: new Uint32Array(0), dropped: 0, io, gpuNs: null };
}
