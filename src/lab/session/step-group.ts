// Gathers successive steps that one submission can carry: steps of the GPU alone, up to the size of the access list.
import type { Step } from '../workload/workload.ts';

/** Programs of one submission: beyond this, a round trip costs little beside them. */
const GROUP_STEPS = 64;

export class StepSource {
  private readonly steps: Iterator<Step>;
  private readonly limit: number;
  private ahead: Step | null = null;

  /** `limit`: accesses that a group may hold, unless a single step holds more. */
  constructor(steps: Iterator<Step>, limit: number) {
    this.steps = steps;
    this.limit = limit;
  }

  /** The next steps, at most `most` of them, to be performed in order; empty at the end. A step with CPU work stands alone. */
  next(most: number): Step[] {
    const group: Step[] = [];
    let accesses = 0;
    for (let step = this.peek(); step !== null && group.length < Math.min(most, GROUP_STEPS); step = this.peek()) {
      accesses += step.gpu?.count ?? 0;
      if (group.length > 0 && (step.cpu !== null || accesses > this.limit)) break;
      group.push(step);
      this.ahead = null;
      if (step.cpu !== null) break;
    }
    return group;
  }

  private peek(): Step | null {
    if (this.ahead === null) {
      const next = this.steps.next();
      this.ahead = next.done === true ? null : next.value;
    }
    return this.ahead;
  }
}
