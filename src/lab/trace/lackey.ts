// Valgrind lackey captures (`--trace-mem=yes`): data records of one process in program order (trace-formats.md §5.1).
import { present } from '../../base/assert.ts';
import { TRACE_KIND, TraceBuilder, TraceError, type AccessTrace, type TraceKind } from './access-trace.ts';

const SPACE = 0x20;
const COMMA = 0x2c;
const CR = 0x0d;
const LETTER_I = 0x49;
/** A capture with more foreign lines than this share of its records is another format. */
const MAX_FOREIGN_SHARE = 0.5;
/** The longest access that lackey reports is a vector register's; more is a damaged line. */
const MAX_SIZE = 4096;
/** Longest line kept while looking for its end. */
const MAX_LINE = 4096;

/** A data record that ends anywhere; a whole one matches too, and has been counted by then. */
const CUT_RECORD = /^(?: | [LSM]| [LSM] [0-9a-f]*(?:,\d*)?)$/i;

const RECORD_FORM = 'a record is " L|S|M <hex address>,<size in bytes>"';

/** Feeds on chunks of the (decompressed) text; `finish` gives the trace. Throws TraceError. */
export class LackeyParser {
  private readonly file: string;
  private readonly builder = new TraceBuilder();
  private readonly line = new Uint8Array(MAX_LINE);
  private length = 0;
  private lineNumber = 0;

  constructor(file: string) {
    this.file = file;
  }

  push(chunk: Uint8Array): void {
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte === 0x0a) this.endLine();
      else if (this.length < MAX_LINE) this.line[this.length++] = byte;
    }
  }

  /** Ends the file: a last line without newline is taken when whole, refused when it is the beginning of a record. */
  finish(): AccessTrace {
    if (this.length > 0) this.endLastLine();
    if (this.builder.count === 0) throw new TraceError(this.file, 0, `no data record found; ${RECORD_FORM}`);
    const foreign = this.builder.skipped('foreign lines');
    if (foreign > this.builder.count * MAX_FOREIGN_SHARE) {
      const share = `${foreign} foreign lines beside ${this.builder.count} records`;
      throw new TraceError(this.file, 0, `${share}: not a lackey capture; ${RECORD_FORM}`);
    }
    return this.builder.finish(this.file, 'valgrind-lackey', this.lineNumber);
  }

  /** The last line has no newline: fine when whole, a cut capture when not. */
  private endLastLine(): void {
    const before = this.builder.count;
    const text = this.text();
    const looksLikeRecord = CUT_RECORD.test(text);
    this.endLine();
    if (looksLikeRecord && this.builder.count === before) {
      throw new TraceError(this.file, this.lineNumber, `the file ends inside a record "${text}"; ${RECORD_FORM}`);
    }
  }

  private endLine(): void {
    this.lineNumber++;
    if (this.length > 0 && this.line[this.length - 1] === CR) this.length--;
    this.classify();
    this.length = 0;
  }

  private classify(): void {
    const { line, length } = this;
    if (length === 0) return;
    if (length > 1 && line[0] === LETTER_I && line[1] === SPACE) return this.skip('instruction fetches');
    if (length > 1 && isMessage(line)) return this.skip('valgrind messages');
    const kind = this.isDataPrefix() ? kindOf(line[1] as number) : null;
    if (kind === null || !this.pushRecord(kind)) this.skip('foreign lines');
  }

  private skip(reason: string): void {
    this.builder.skip(reason, this.lineNumber, () => this.text());
  }

  private isDataPrefix(): boolean {
    const { line } = this;
    return this.length >= 3 && line[0] === SPACE && line[2] === SPACE && kindOf(line[1] as number) !== null;
  }

  /** Parses "<hex>,<decimal>" from column 3 to the end of the line. False when it is not that. */
  private pushRecord(kind: TraceKind): boolean {
    let lo = 0;
    let hi = 0;
    let at = 3;
    for (; at < this.length && this.line[at] !== COMMA; at++) {
      const digit = hexDigit(this.line[at] as number);
      if (digit < 0 || hi >= 0x10000000) return false;
      hi = ((hi << 4) | (lo >>> 28)) >>> 0;
      lo = ((lo << 4) | digit) >>> 0;
    }
    const size = at > 3 ? this.decimal(at + 1) : -1;
    if (size < 1 || size > MAX_SIZE) return false;
    this.builder.push(kind, lo, hi, size);
    return true;
  }

  private decimal(from: number): number {
    if (from >= this.length) return -1;
    let value = 0;
    for (let at = from; at < this.length; at++) {
      const digit = present(this.line[at], 'byte') - 0x30;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  private text(): string {
    return new TextDecoder().decode(this.line.subarray(0, this.length));
  }
}

/** True when the first bytes of a file look like a lackey capture: its banner, or a record line. */
export function looksLikeLackey(head: Uint8Array): boolean {
  const text = new TextDecoder().decode(head);
  return /^==\d+== Lackey/m.test(text) || /^(?: [LSM]|I ) [0-9a-f]{6,16},\d{1,4}\r?$/m.test(text);
}

/** "==pid==" and "--pid--" lines are valgrind talking. */
function isMessage(line: Uint8Array): boolean {
  return (line[0] === 0x3d && line[1] === 0x3d) || (line[0] === 0x2d && line[1] === 0x2d);
}

function kindOf(letter: number): TraceKind | null {
  if (letter === 0x4c) return TRACE_KIND.load;
  if (letter === 0x53) return TRACE_KIND.store;
  return letter === 0x4d ? TRACE_KIND.modify : null;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
