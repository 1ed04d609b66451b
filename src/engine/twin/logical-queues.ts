// Pending jobs by logical queue: jobs of one queue leave in the order of submission, whatever the order across queues.
import type { Rng } from '../../base/rng.ts';
import type { Job } from '../plan/job.ts';

/** A first-in first-out list whose head is an index, so that taking from a long queue costs nothing. */
class Fifo {
  #jobs: Job[] = [];
  #head = 0;

  get size(): number {
    return this.#jobs.length - this.#head;
  }

  push(job: Job): void {
    this.#jobs.push(job);
  }

  shift(): Job | undefined {
    const job = this.#jobs[this.#head];
    this.#head++;
    if (this.#head * 2 >= this.#jobs.length) this.#compact();
    return job;
  }

  /** Forgets the jobs that left; each job is moved at most once for every one that leaves. */
  #compact(): void {
    this.#jobs = this.#jobs.slice(this.#head);
    this.#head = 0;
  }
}

/** Without `rng` all jobs share one queue: submission order. With it `next` draws a queue among those with work. */
export class LogicalQueues {
  readonly #rng: Rng | null;
  readonly #queues = new Map<string, Fifo>();

  constructor(rng: Rng | null) {
    this.#rng = rng;
  }

  push(job: Job): void {
    const name = this.#rng === null ? '' : job.queue;
    const queue = this.#queues.get(name) ?? new Fifo();
    queue.push(job);
    this.#queues.set(name, queue);
  }

  /** The job to run now; undefined when none is pending. */
  next(): Job | undefined {
    const names = [...this.#queues.keys()];
    if (names.length === 0) return undefined;
    const name = names[this.#rng?.below(names.length) ?? 0] as string;
    const queue = this.#queues.get(name) as Fifo;
    const job = queue.shift();
    if (queue.size === 0) this.#queues.delete(name);
    return job;
  }

  clear(): void {
    this.#queues.clear();
  }
}
