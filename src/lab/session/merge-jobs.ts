// Jobs of one queue that go out together become one job, whose commands stand in the order that a device runs best.
//
// A pipelined run hands over many small jobs at once: copy, bind, copy, bind … Between two of them nothing reads what
// either wrote, since accesses are jobs of their own. So all copies may go first, then all stores into page tables, then
// all invalidations: each kind is a few dispatches instead of one a command. Nobody waits for a part: all fences of a
// submission are signaled together anyway.
import type { Command } from '../../engine/plan/commands.ts';
import type { Completion, Job } from '../../engine/plan/job.ts';

/** A job as it is submitted; `members` are those that it stands for, in order of seq, the last of which gave it its own. */
export interface MergedJob {
  readonly job: Job;
  readonly members: readonly Job[];
}

/** Frames of all spaces as one number each. */
const SPACE_FRAMES = 2 ** 32;

/** Merges neighbours where that changes nothing that anybody can see; the others stay as they are. */
export function mergeJobs(jobs: readonly Job[]): MergedJob[] {
  const merged: MergedJob[] = [];
  let open = new Group();
  const close = (): void => {
    if (open.members.length > 0) merged.push(open.close());
    open = new Group();
  };
  for (const job of jobs) {
    if (open.take(job)) continue;
    close();
    if (!open.take(job)) merged.push({ job, members: [job] });
  }
  close();
  return merged;
}

/** The completion of one member of a merged job: such jobs return no words. */
export function memberCompletion(whole: Completion, { seq }: Job): Completion {
  return whole.seq === seq ? whole : { ...whole, seq };
}

class Group {
  readonly members: Job[] = [];
  private readonly data: Command[] = [];
  private readonly stores: Command[] = [];
  private readonly invalidations: Command[] = [];
  /** Table frames with stores that data commands taken later would overtake. */
  private readonly stored = new Set<number>();

  /** False when the job must stay alone, or must not come before what is here; nothing has been taken then. */
  take(job: Job): boolean {
    const [first] = this.members;
    if (job.timed || (first !== undefined && first.queue !== job.queue)) return false;
    if (!job.commands.every((command) => this.mayJoin(command)) || this.overtakesItself(job)) return false;
    this.members.push(job);
    for (const command of job.commands) this.add(command);
    return true;
  }

  close(): MergedJob {
    const { members } = this;
    const last = members[members.length - 1] as Job;
    if (members.length === 1) return { job: last, members };
    const commands = [...this.data, ...this.stores, ...this.invalidations];
    return { job: { ...last, label: `${members.length} jobs`, commands }, members };
  }

  private mayJoin(command: Command): boolean {
    switch (command.op) {
      case 'copy':
        return (
          this.isClear(command.srcSpace, command.srcFrame, command.pages) &&
          this.isClear(command.dstSpace, command.dstFrame, command.pages)
        );
      case 'fill':
      case 'fillSeeded':
        return this.isClear(command.space, command.frame, command.pages);
      case 'pteWrite':
      case 'pteFill':
      case 'zap':
      case 'tlbInval':
        return true;
      default:
        return false;
    }
  }

  /** Stores of this very job before its own copies; the driver makes none such, and they would need the same look. */
  private overtakesItself({ commands }: Job): boolean {
    const store = commands.findIndex(isStore);
    return store >= 0 && commands.slice(store).some((command) => !isStore(command) && command.op !== 'tlbInval');
  }

  private isClear(space: number, frame: number, pages: number): boolean {
    if (this.stored.size === 0) return true;
    for (let at = frame; at < frame + pages; at++) if (this.stored.has(space * SPACE_FRAMES + at)) return false;
    return true;
  }

  private add(command: Command): void {
    if (command.op === 'tlbInval') this.invalidations.push(command);
    else if (isStore(command)) {
      this.stores.push(command);
      this.stored.add(command.space * SPACE_FRAMES + command.table);
    } else this.data.push(command);
  }
}

function isStore(command: Command): command is Command & { op: 'pteWrite' | 'pteFill' | 'zap' } {
  return command.op === 'pteWrite' || command.op === 'pteFill' || command.op === 'zap';
}
