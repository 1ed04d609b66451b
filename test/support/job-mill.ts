// An endless stream of small jobs of every kind that a run submits, for tests of what an executor keeps of them.
import type { Command } from '../../src/engine/plan/commands.ts';
import type { Executor, ExecutorConfig } from '../../src/engine/plan/executor.ts';
import type { Completion } from '../../src/engine/plan/job.ts';

/** Jobs in flight at a time. */
const AT_A_TIME = 64;
const ASID = 3;
const ROOT = { space: 1, frame: 0, level: 4 } as const;

export const MILL_CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 64 },
    { name: 'vram0', pages: 64 },
  ],
  accessCapacity: 64,
  faultCapacity: 64,
  tlbLines: 64,
};

/** Submits `count` jobs and takes all completions; `keep` gets each of them. */
export class JobMill {
  readonly #executor: Executor;
  readonly #keep: (completion: Completion) => void;
  #seq = 0;

  constructor(executor: Executor, keep: (completion: Completion) => void = () => {}) {
    this.#executor = executor;
    this.#keep = keep;
  }

  async run(count: number): Promise<void> {
    for (let left = count; left > 0; left -= AT_A_TIME) {
      const jobs = Math.min(left, AT_A_TIME);
      for (let i = 0; i < jobs; i++) this.#submit();
      this.#executor.flush();
      for (let done = 0; done < jobs;) {
        await this.#executor.settled();
        const completions = this.#executor.take();
        for (const completion of completions) this.#keep(completion);
        done += completions.length;
      }
    }
  }

  #submit(): void {
    const seq = ++this.#seq;
    this.#executor.submit({ seq, queue: 'mill', label: 'mill', commands: commandsOf(seq), timed: seq % 16 === 0 });
  }
}

/** A page that moves and is bound, one that faults, one that is read back or hashed. */
function commandsOf(seq: number): Command[] {
  const page = 1 + (seq % 32);
  const records = Uint32Array.of(page << 12, 0, seq % 3, seq);
  const moved: Command[] = [
    { op: 'copy', srcSpace: 0, srcFrame: page, dstSpace: 1, dstFrame: page, pages: 1 },
    { op: 'pteWrite', space: 1, table: 0, index: seq % 512, entries: Uint32Array.of(0, seq) },
    { op: 'tlbInval', asid: ASID, vpn: page, log2Pages: 0 },
  ];
  if (seq % 4 === 0)
    return [
      ...moved,
      { op: 'accessLoad', base: 0, records },
      { op: 'access', asid: ASID, root: ROOT, base: 0, count: 1, tlb: true, chained: false },
      { op: 'accessResult', base: 0, count: 1 },
    ];
  if (seq % 4 === 1) return [...moved, { op: 'hash', space: 1, frame: page, pages: 1 }];
  if (seq % 4 === 2) return [...moved, { op: 'readback', space: 0, frame: page, pages: 1 }];
  return [...moved, { op: 'cpuAccess', frame: page, word: seq % 1024, kind: 1, operand: seq }];
}
