// Finds both ends of each migration: the place on the left deck and the frames on the right one, from two snapshots.
import { PAGE_STATE, type Snapshot, type SpanView } from '../../lab/session/protocol.ts';

const NO_FRAME = 0xffffffff;

/** A migration that the picture can place. */
export interface LocatedSpan {
  readonly direction: SpanView['direction'];
  readonly firstPage: number;
  readonly pages: number;
  /** First frame in VRAM; −1 when neither snapshot tells. */
  readonly frame: number;
  /** 0 to 1: when it ended within the spans of this snapshot. */
  readonly order: number;
}

interface PageRun {
  readonly firstPage: number;
  readonly pages: number;
}

/**
 * Evictions know physical pages only (firstPage −1): they are matched, by size where possible, with runs of pages that
 * left VRAM between the two snapshots. What cannot be placed is left out; the counters still count it.
 */
export function locateSpans(snapshot: Snapshot, before: Snapshot | null): LocatedSpan[] {
  const spans = snapshot.spans.filter(({ status }) => status === '0');
  const first = spans[0]?.endNs ?? 0;
  const length = Math.max(1, (spans.at(-1)?.endNs ?? 0) - first);
  const homeward = runsThatLeft(snapshot, before);
  return spans.flatMap((span) => {
    const run = span.firstPage >= 0 ? span : takeRun(homeward, span.pages);
    if (run === null) return [];
    const { firstPage, pages } = run;
    const frame = span.vramFrame >= 0 ? span.vramFrame : frameOf(span.direction, firstPage, snapshot, before);
    return [{ direction: span.direction, firstPage, pages, frame, order: (span.endNs - first) / length }];
  });
}

/** The frame is that of the snapshot in which the page was in VRAM. */
function frameOf(direction: SpanView['direction'], page: number, now: Snapshot, before: Snapshot | null): number {
  const candidates = direction === 'to-vram' ? [now] : [before, now];
  for (const snapshot of candidates) {
    if (snapshot === null || !inVram(snapshot.pageState[page])) continue;
    const frame = snapshot.pageFrame[page] as number;
    if (frame !== NO_FRAME) return frame;
  }
  return -1;
}

function runsThatLeft(now: Snapshot, before: Snapshot | null): PageRun[] {
  if (before === null || before.pageState.length !== now.pageState.length) return [];
  if (!now.spans.some(({ firstPage }) => firstPage < 0)) return [];
  const runs: PageRun[] = [];
  let start = -1;
  for (let page = 0; page <= now.pageState.length; page++) {
    const left = page < now.pageState.length && inVram(before.pageState[page]) && !inVram(now.pageState[page]);
    if (left && start < 0) start = page;
    // A 2 MiB run ends: the driver never evicts across it in one piece.
    const ends = start >= 0 && (!left || page - start >= 512);
    if (!ends) continue;
    runs.push({ firstPage: start, pages: page - start });
    start = left ? page : -1;
  }
  return runs;
}

function takeRun(runs: PageRun[], pages: number): PageRun | null {
  const same = runs.findIndex((run) => run.pages === pages);
  return runs.splice(Math.max(0, same), 1)[0] ?? null;
}

function inVram(state: number | undefined): boolean {
  return state === PAGE_STATE.vram || state === PAGE_STATE.pinned || state === PAGE_STATE.toRam;
}
