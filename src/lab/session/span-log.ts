// Keeps the migrations of a run for the picture and for the question "why did this page move?".
import type { Ns } from '../../base/units.ts';
import type { EventSink, ModelEvent } from '../../model/event/event.ts';
import type { PageIndex } from './page-index.ts';
import type { SpanView } from './protocol.ts';
import { hasLine, logLine } from './log-line.ts';

/** Spans handed to one snapshot; the picture cannot show more (protocol.ts·Snapshot.spans). */
const SNAPSHOT_SPANS = 256;
const SNAPSHOT_LINES = 40;
/** Migrations remembered for the inspector. */
const HISTORY = 8192;

/** An event with a line, and how often it came in a row. */
interface LogEntry {
  readonly now: Ns;
  readonly event: ModelEvent;
  count: number;
}

/** Faults on a range that is valid already come in hundreds: one line tells of them all. */
function repeats(a: ModelEvent, b: ModelEvent): boolean {
  return a.kind === 'range' && b.kind === 'range' && a.op === b.op && a.startVpn === b.startVpn && a.pages === b.pages;
}

export class SpanLog implements EventSink {
  private readonly pages: PageIndex;
  private nextId = 1;
  private fresh: SpanView[] = [];
  private dropped = 0;
  /** The newest events that have a line; formatted only when a snapshot takes them. */
  private recent: LogEntry[] = [];
  private readonly history: SpanView[] = [];

  constructor(pages: PageIndex) {
    this.pages = pages;
  }

  emit(now: Ns, event: ModelEvent): void {
    if (event.kind === 'migrate') this.addSpan(now, event);
    if (!hasLine(event)) return;
    const last = this.recent.at(-1);
    if (last !== undefined && repeats(last.event, event)) {
      last.count++;
      return;
    }
    this.recent.push({ now, event, count: 1 });
    if (this.recent.length > 2 * SNAPSHOT_LINES) this.recent = this.recent.slice(-SNAPSHOT_LINES);
  }

  /** What is new since the last call. */
  take(): { spans: SpanView[]; dropped: number; lines: string[] } {
    const lines = this.recent
      .slice(-SNAPSHOT_LINES)
      .map(({ now, event, count }) => logLine(now, event) + (count > 1 ? ` (${count} times)` : ''));
    const result = { spans: this.fresh, dropped: this.dropped, lines };
    this.fresh = [];
    this.dropped = 0;
    this.recent = [];
    return result;
  }

  /** The last `limit` migrations that moved the page with this index, newest first. */
  ofPage(page: number, limit: number): SpanView[] {
    const found: SpanView[] = [];
    for (let i = this.nextId - 1; i > 0 && i > this.nextId - 1 - HISTORY && found.length < limit; i--) {
      const span = this.history[i % HISTORY];
      if (span === undefined || span.firstPage < 0) continue;
      if (span.firstPage <= page && page < span.firstPage + span.pages) found.push(span);
    }
    return found;
  }

  private addSpan(now: Ns, event: ModelEvent & { kind: 'migrate' }): void {
    const id = this.nextId++;
    const span: SpanView = {
      id,
      direction: event.direction,
      firstPage: event.startVpn < 0 ? -1 : this.pages.of(event.startVpn),
      pages: event.pages,
      vramFrame: -1,
      startNs: event.startNs,
      endNs: now,
      rule: event.cause.rule,
      values: event.cause.values,
      status: String(event.status),
    };
    this.history[id % HISTORY] = span;
    this.fresh.push(span);
    if (this.fresh.length <= SNAPSHOT_SPANS) return;
    this.fresh.shift();
    this.dropped++;
  }
}
