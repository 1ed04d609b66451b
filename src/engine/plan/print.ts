// Guarantees one line a command in fixed columns, the same for equal jobs and different for different ones, so that
// thousands of lines can be read by eye and compared by any diff.
//
//      job       7 bind       3 commands         bind 64K
//        0 PTE_WRITE     s1:0x00000003000[16]                      16  0x00000000_00042803 #5a31c07e
//        1 COPY          s0:0x00000012000      s1:0x00000420000    16
//
// A place is space:byte address, `va` a virtual one; then what it goes to, a count, and the rest by name. `#` is a
// checksum of words that do not fit.
import { mix32 } from '../../base/mix.ts';
import { ACCESS_RECORD_WORDS, TLB_INVAL_ALL, type Command, type SpaceId, type WalkRoot } from './commands.ts';
import type { Job } from './job.ts';

/** Columns after the index: name, place, target, count, rest. */
type Columns = readonly [name: string, place: string, target: string, count: number, rest: string];

const NAME_WIDTH = 13;
const PLACE_WIDTH = 22;
const COUNT_WIDTH = 6;

/** Header line and one line a command, without a last line end. */
export function printJob(job: Job): string {
  return [printHeader(job), ...job.commands.map(printCommand)].join('\n');
}

/** `job <seq> <queue> <n> commands [timed] <label>` in fixed columns. */
function printHeader(job: Job): string {
  const timed = job.timed ? 'timed' : '     ';
  const count = String(job.commands.length).padStart(5);
  return `job ${String(job.seq).padStart(7)} ${job.queue.padEnd(10)} ${count} commands  ${timed}  ${job.label}`.trimEnd();
}

/** One command as one line; `index` is its place in the job. */
export function printCommand(command: Command, index: number): string {
  const [name, place, target, count, rest] = columns(command);
  const left = `${String(index).padStart(5)} ${name.padEnd(NAME_WIDTH)} ${place.padEnd(PLACE_WIDTH)}`;
  return `${left} ${target.padEnd(PLACE_WIDTH)} ${String(count).padStart(COUNT_WIDTH)}  ${rest}`.trimEnd();
}

function columns(command: Command): Columns {
  switch (command.op) {
    case 'pteWrite':
      return ['PTE_WRITE', slot(command), '', command.entries.length / 2, entriesText(command.entries)];
    case 'pteFill':
      return ['PTE_FILL', slot(command), '', command.count, entry(command.lo, command.hi)];
    case 'zap':
      return ['ZAP', slot(command), '', command.count, ''];
    case 'tlbInval':
      return tlbInval(command.asid, command.vpn, command.log2Pages);
    case 'copy':
    case 'copyBaseline':
      return copy(command);
    case 'copyTranslated':
      return copyTranslated(command);
    case 'fill':
      return ['FILL', place(command.space, command.frame), '', command.pages, `pattern ${hex(command.pattern, 8)}`];
    case 'fillSeeded':
      return [
        'FILL_SEEDED',
        place(command.space, command.frame),
        '',
        command.pages,
        seed(command.seed, command.pageLo),
      ];
    case 'accessLoad':
      return accessLoad(command.base, command.records);
    case 'access':
      return access(command);
    case 'accessResult':
      return ['ACCESS_RESULT', `list[${command.base}]`, '', command.count, ''];
    case 'chase':
      return chase(command);
    case 'cpuAccess':
      return cpuAccess(command);
    case 'hash':
      return ['HASH', place(command.space, command.frame), '', command.pages, ''];
    case 'upload':
      return upload(command);
    default:
      return ['READBACK', place(command.space, command.frame), '', command.pages, ''];
  }
}

type Of<Op extends Command['op']> = Extract<Command, { op: Op }>;

function copy(command: Of<'copy' | 'copyBaseline'>): Columns {
  const name = command.op === 'copy' ? 'COPY' : 'COPY_BASELINE';
  const rest = command.op === 'copy' ? '' : command.method;
  const from = place(command.srcSpace, command.srcFrame);
  return [name, from, place(command.dstSpace, command.dstFrame), command.pages, rest];
}

function copyTranslated(command: Of<'copyTranslated'>): Columns {
  const { srcVpn, dstVpn, pages, srcSpace, dstSpace } = command;
  const rest = `s${srcSpace} to s${dstSpace} ${root(command.root)}`;
  return ['COPY_TRANSL', virtual(srcVpn), virtual(dstVpn), pages, rest];
}

function tlbInval(asid: number, vpn: number, log2Pages: number): Columns {
  const rest = log2Pages === TLB_INVAL_ALL ? 'all' : `2^${log2Pages} pages`;
  return ['TLB_INVAL', virtual(vpn), '', 1, `asid ${hex(asid, 5)} ${rest}`];
}

function accessLoad(base: number, records: Uint32Array): Columns {
  const [lo = 0, hi = 0, kind = 0] = records;
  const rest = `0x${text(hi, 8)}${text(lo, 8)} ${KINDS[kind] ?? kind} ${checksum(records)}`;
  return ['ACCESS_LOAD', `list[${base}]`, '', records.length / ACCESS_RECORD_WORDS, rest];
}

function access(command: Of<'access'>): Columns {
  const rest = `asid ${hex(command.asid, 5)} ${root(command.root)} ${command.tlb ? 'tlb' : 'walk'}${command.chained ? ' chained' : ''}${command.translateOnly === true ? ' only' : ''}`;
  return ['ACCESS', `list[${command.base}]`, '', command.count, rest];
}

function chase({ space, frame, pages, base, count, loads }: Of<'chase'>): Columns {
  return ['CHASE', place(space, frame), `list[${base}]`, count, `${loads} loads over ${pages} pages`];
}

function cpuAccess(command: Of<'cpuAccess'>): Columns {
  const at = `s0:0x${text(command.frame, 8)}${text(command.word * 4, 3)}`;
  return ['CPU_ACCESS', at, '', 1, `${KINDS[command.kind]} ${hex(command.operand, 8)}`];
}

function upload({ space, frame, words, via }: Of<'upload'>): Columns {
  const rest = via === undefined ? checksum(words) : `${checksum(words)} ${via}`;
  return ['UPLOAD', place(space, frame), '', words.length / 1024, rest];
}

const KINDS = ['read', 'write', 'atomic'] as const;

function text(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function hex(value: number, digits: number): string {
  return `0x${text(value, digits)}`;
}

/** A byte address has three more digits than its page number: no arithmetic, so 57 bits stay exact. */
function place(space: SpaceId, frame: number): string {
  return `s${space}:0x${text(frame, 8)}000`;
}

function virtual(vpn: number): string {
  return `va:0x${text(vpn, 12)}000`;
}

function slot(command: Of<'pteWrite' | 'pteFill' | 'zap'>): string {
  return `${place(command.space, command.table)}[${command.index}]`;
}

function root(value: WalkRoot): string {
  return `root ${place(value.space, value.frame)} L${value.level}`;
}

function entry(lo: number, hi: number): string {
  return `0x${text(hi, 8)}_${text(lo, 8)}`;
}

function entriesText(entries: Uint32Array): string {
  const first = entry(entries[0] ?? 0, entries[1] ?? 0);
  return entries.length > 2 ? `${first} ${checksum(entries)}` : first;
}

function seed(value: number, pageLo: number): string {
  return `seed ${hex(value, 8)} page ${hex(pageLo, 8)}`;
}

/** Order matters: swapped words give another sum. */
function checksum(words: Uint32Array): string {
  let sum = words.length;
  for (const word of words) sum = mix32(sum ^ word);
  return `#${text(sum, 8)}`;
}

/**
 * The first place where two jobs differ, as a line that names it and the two printed lines around it; null when the
 * jobs are equal.
 */
export function firstDifference(a: Job, b: Job): string | null {
  const field = differentField(header(a), header(b));
  if (field !== null) return report(`job ${field}`, printHeader(a), printHeader(b));
  const count = Math.max(a.commands.length, b.commands.length);
  for (let i = 0; i < count; i++) {
    const difference = commandDifference(a.commands[i], b.commands[i], i);
    if (difference !== null) return difference;
  }
  return null;
}

function commandDifference(a: Command | undefined, b: Command | undefined, index: number): string | null {
  const line = (command: Command | undefined): string => (command ? printCommand(command, index) : '(none)');
  if (a === undefined || b === undefined) return report(`command ${index}: only one job has it`, line(a), line(b));
  const field = differentField(a, b);
  return field === null ? null : report(`command ${index} ${a.op}: ${field}`, line(a), line(b));
}

function report(what: string, a: string, b: string): string {
  return `${what}\n- ${a}\n+ ${b}`;
}

function header(job: Job): object {
  return { seq: job.seq, queue: job.queue, label: job.label, timed: job.timed };
}

/** `name value ≠ value` of the first differing field; descends into roots and word lists. */
function differentField(a: object, b: object): string | null {
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const difference = differentValue(key, left[key], right[key]);
    if (difference !== null) return difference;
  }
  return null;
}

function differentValue(key: string, a: unknown, b: unknown): string | null {
  if (a instanceof Uint32Array && b instanceof Uint32Array) return differentWord(key, a, b);
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const inner = differentField(a, b);
    return inner === null ? null : `${key}.${inner}`;
  }
  return a === b ? null : `${key} ${String(a)} ≠ ${String(b)}`;
}

function differentWord(key: string, a: Uint32Array, b: Uint32Array): string | null {
  if (a.length !== b.length) return `${key} has ${a.length} words ≠ ${b.length}`;
  const at = a.findIndex((word, i) => word !== b[i]);
  return at < 0 ? null : `${key}[${at}] ${hex(a[at] ?? 0, 8)} ≠ ${hex(b[at] ?? 0, 8)}`;
}
