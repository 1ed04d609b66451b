// A VRAM with a scheduler, a recorder of evictions and an owner that answers as told, for tests.
import type { Errno, Status } from '../../../src/base/errno.ts';
import type { EventSink, ModelEvent } from '../../../src/model/event/event.ts';
import { JobQueue } from '../../../src/model/sched/job-queue.ts';
import type { Op } from '../../../src/model/sched/op.ts';
import { Sched, type SchedOptions } from '../../../src/model/sched/sched.ts';
import type { Bo, BoOwner } from '../../../src/model/vram/bo.ts';
import { VramManager, type BoRequest, type VramConfig } from '../../../src/model/vram/vram.ts';
import { drive } from '../../support/drive.ts';

export const M2 = 512;

export class Recorder implements EventSink {
  readonly evictions: string[] = [];

  emit(_now: number, event: ModelEvent): void {
    if (event.kind !== 'evict') return;
    this.evictions.push(`${String(event.cause.values['bo'])}:${event.status}:${event.bytes / 4096}`);
  }
}

/** An owner that answers as told and notes who was evicted; `drop` gives its own reference up, as a release op does. */
export class Owner implements BoOwner {
  readonly evicted: number[] = [];
  answer: (bo: Bo) => Status = () => 0;
  delayNs = 0;
  drop = false;
  private readonly sched: Sched;

  constructor(sched: Sched) {
    this.sched = sched;
  }

  *evict(bo: Bo): Op<Status> {
    this.evicted.push(bo.id);
    if (this.delayNs > 0) yield* this.sched.sleepUntil(this.sched.now + this.delayNs);
    const status = this.answer(bo);
    if (status === 0 && this.drop) bo.put();
    return status;
  }
}

export interface World {
  readonly sched: Sched;
  readonly vram: VramManager;
  readonly owner: Owner;
  readonly events: Recorder;
  run<T>(op: Op<T>): Promise<T>;
  alloc(pages: number, request?: Partial<BoRequest>): Promise<Bo | Errno>;
}

export function makeWorld(config: Partial<VramConfig> = {}, options: SchedOptions = {}): World {
  const sched = new Sched(options);
  const jobs = new JobQueue(sched, () => 1);
  const events = new Recorder();
  const vram = new VramManager({ sched, events }, { device: 0, pages: 4 * M2, dataPages: 4 * M2, ...config });
  const owner = new Owner(sched);
  async function run<T>(op: Op<T>): Promise<T> {
    const out: T[] = [];
    sched.spawn('test', op, (value) => out.push(value));
    await drive(sched, jobs);
    return out[0] as T;
  }
  const alloc = (pages: number, request: Partial<BoRequest> = {}): Promise<Bo | Errno> =>
    run(vram.alloc(pages, { owner, ...request }));
  return { sched, vram, owner, events, run, alloc };
}

export async function fill(
  world: World,
  count: number,
  pages: number,
  request: Partial<BoRequest> = {},
): Promise<Bo[]> {
  const list: Bo[] = [];
  for (let i = 0; i < count; i++) list.push((await world.alloc(pages, request)) as Bo);
  return list;
}
