// Accesses read from a capture, in struct-of-arrays, and what the importer has to say about the file.

/** What a record did to its location. A modify loads and stores it. */
export const TRACE_KIND = { load: 0, store: 1, modify: 2 } as const;
export type TraceKind = (typeof TRACE_KIND)[keyof typeof TRACE_KIND];

export interface SkippedLines {
  readonly reason: string;
  readonly count: number;
  readonly firstLine: number;
  readonly example: string;
}

export interface ImportReport {
  readonly format: string;
  readonly lines: number;
  readonly records: number;
  readonly skipped: readonly SkippedLines[];
}

/** Record i: kinds[i] at byte address hi[i]:lo[i], sizes[i] bytes. */
export interface AccessTrace {
  readonly name: string;
  readonly count: number;
  readonly kinds: Uint8Array;
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
  readonly sizes: Uint16Array;
  readonly report: ImportReport;
}

/** A refused file: the line where it went wrong (0 = the file as a whole), what stood there, what is allowed. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
  readonly line: number;

  constructor(file: string, line: number, problem: string) {
    super(line > 0 ? `${file}: line ${line}: ${problem}` : `${file}: ${problem}`);
    this.line = line;
  }
}

/** Collects records into growing arrays and counts what was skipped. */
export class TraceBuilder {
  private kinds = new Uint8Array(4096);
  private lo = new Uint32Array(4096);
  private hi = new Uint32Array(4096);
  private sizes = new Uint16Array(4096);
  private readonly skips = new Map<string, { count: number; firstLine: number; example: string }>();
  count = 0;

  push(kind: TraceKind, lo: number, hi: number, size: number): void {
    if (this.count === this.kinds.length) this.grow();
    this.kinds[this.count] = kind;
    this.lo[this.count] = lo;
    this.hi[this.count] = hi;
    this.sizes[this.count] = size;
    this.count++;
  }

  skip(reason: string, line: number, text: () => string): void {
    const seen = this.skips.get(reason);
    if (seen === undefined) this.skips.set(reason, { count: 1, firstLine: line, example: text().slice(0, 80) });
    else seen.count++;
  }

  /** Lines skipped for `reason` so far. */
  skipped(reason: string): number {
    return this.skips.get(reason)?.count ?? 0;
  }

  finish(name: string, format: string, lines: number): AccessTrace {
    const { count } = this;
    const skipped = [...this.skips].map(([reason, entry]) => ({ reason, ...entry }));
    return {
      name,
      count,
      kinds: this.kinds.subarray(0, count),
      lo: this.lo.subarray(0, count),
      hi: this.hi.subarray(0, count),
      sizes: this.sizes.subarray(0, count),
      report: { format, lines, records: count, skipped },
    };
  }

  private grow(): void {
    const length = this.kinds.length * 2;
    this.kinds = copyInto(new Uint8Array(length), this.kinds);
    this.lo = copyInto(new Uint32Array(length), this.lo);
    this.hi = copyInto(new Uint32Array(length), this.hi);
    this.sizes = copyInto(new Uint16Array(length), this.sizes);
  }
}

function copyInto<T extends Uint8Array | Uint16Array | Uint32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}

/** One line for people: what the importer made of the file. */
export function importSummary(report: ImportReport): string {
  const skipped = report.skipped.map((entry) => `${entry.count} ${entry.reason} (first: line ${entry.firstLine})`);
  const tail = skipped.length > 0 ? `; skipped ${skipped.join(', ')}` : '';
  return `${report.format}: ${report.lines} lines, ${report.records} records${tail}`;
}
