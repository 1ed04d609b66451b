// Where decisions hand jobs over: numbers them, gives each its fence and model duration, keeps them for the session.
import type { Command } from '../../engine/plan/commands.ts';
import type { Completion, Job } from '../../engine/plan/job.ts';
import { assert, present } from '../../base/assert.ts';
import { MinHeap } from '../../base/min-heap.ts';
import type { Ns } from '../../base/units.ts';
import { Fence } from './fence.ts';
import type { Sched } from './sched.ts';

/** Model duration of a list of commands on one queue. */
export type JobCost = (commands: readonly Command[]) => Ns;

export class JobQueue {
  private readonly sched: Sched;
  private readonly cost: JobCost;
  private readonly busyUntil = new Map<string, Ns>();
  private outbox: Job[] = [];
  private readonly fences = new Map<number, Fence>();
  private readonly byModelTime = new MinHeap<Fence>(
    (a, b) => a.modelDone < b.modelDone || (a.modelDone === b.modelDone && a.seq < b.seq),
  );
  private nextSeq = 1;

  constructor(sched: Sched, cost: JobCost) {
    this.sched = sched;
    this.cost = cost;
  }

  /**
   * Queues `commands` as one job on the logical queue `queue` ('copy', 'bind', 'compute', 'cpu', …): it follows all
   * earlier jobs of that queue. Its model end is the queue's previous end plus its cost.
   */
  submit(queue: string, label: string, commands: readonly Command[], timed = false): Fence {
    assert(commands.length > 0, () => `${label}: a job needs a command`);
    const start = Math.max(this.sched.now, this.busyUntil.get(queue) ?? 0);
    const done = start + this.cost(commands);
    this.busyUntil.set(queue, done);
    const fence = new Fence(this.nextSeq++, done);
    this.fences.set(fence.seq, fence);
    this.byModelTime.push(fence);
    this.outbox.push({ seq: fence.seq, queue, label, commands, timed });
    return fence;
  }

  /** Jobs submitted since the last call, in order. The session hands them to the executor. */
  drain(): Job[] {
    const jobs = this.outbox;
    this.outbox = [];
    return jobs;
  }

  /** The unsignaled fence that is due first on the model clock (ties: the older job), or null. */
  nextDue(): Fence | null {
    for (let head = this.byModelTime.peek(); head !== undefined; head = this.byModelTime.peek()) {
      if (!head.signaled) return head;
      this.byModelTime.pop();
    }
    return null;
  }

  get inFlight(): number {
    return this.fences.size;
  }

  /** Signals the fence of a completed job. */
  complete(completion: Completion): void {
    const fence = present(this.fences.get(completion.seq), `fence ${completion.seq}`);
    this.fences.delete(completion.seq);
    fence.signal(completion);
    // A live run never asks what is due: without this the heap would keep every fence, and its io, for ever.
    this.nextDue();
  }
}
