// A capture as a workload: every record becomes accesses of aligned words, in order, in steps without conflicts.
import { present } from '../../base/assert.ts';
import { mix32 } from '../../base/mix.ts';
import { PAGE_SIZE } from '../../base/units.ts';
import { ACCESS_KIND, type AccessKind } from '../../engine/plan/commands.ts';
import { stores, vmasOf } from '../trace/vmas.ts';
import { importSummary, type AccessTrace } from '../trace/access-trace.ts';
import { StepBuilder, type Side } from './step-builder.ts';
import type { Step, Workload } from './workload.ts';

/** Replays `trace` once, `batch` accesses a step at most, as accesses of `side`. */
export function createTraceWorkload(trace: AccessTrace, batch: number, side: Side): Workload {
  const { vmas, touchedPages, note } = vmasOf(trace);
  return {
    name: 'trace',
    vmas,
    touchedPages,
    totalAccesses: trace.count + splitAccesses(trace),
    notes: [importSummary(trace.report), note],
    steps: () => steps(trace, batch, side),
  };
}

/** A record acts on the word at its address; one that crosses into the next page also on that page's first word. */
function* steps(trace: AccessTrace, batch: number, side: Side): Generator<Step, void, void> {
  const builder = new StepBuilder(batch);
  let step = 0;
  for (let i = 0; i < trace.count; i++) {
    const kind: AccessKind = stores(present(trace.kinds[i], 'record')) ? ACCESS_KIND.write : ACCESS_KIND.read;
    const lo = present(trace.lo[i], 'record');
    const hi = present(trace.hi[i], 'record');
    const parts = crossesPage(trace, i) ? 2 : 1;
    for (let part = 0; part < parts; part++) {
      const wordLo = part === 0 ? (lo & ~3) >>> 0 : ((lo & ~(PAGE_SIZE - 1)) + PAGE_SIZE) >>> 0;
      const wordHi = part === 1 && wordLo === 0 ? hi + 1 : hi;
      if (builder.conflicts(side, wordLo, wordHi, kind)) {
        const full = builder.take(`trace ${step++}`);
        if (full !== null) yield full;
      }
      builder.push(side, wordLo, wordHi, kind, mix32(2 * i + part + 1));
    }
  }
  const last = builder.take(`trace ${step}`);
  if (last !== null) yield last;
}

function crossesPage(trace: AccessTrace, index: number): boolean {
  return (present(trace.lo[index], 'record') % PAGE_SIZE) + present(trace.sizes[index], 'record') > PAGE_SIZE;
}

function splitAccesses(trace: AccessTrace): number {
  let split = 0;
  for (let i = 0; i < trace.count; i++) if (crossesPage(trace, i)) split++;
  return split;
}
