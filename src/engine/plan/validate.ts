// Guarantees that a job which passes can be executed without any further check: every field of every command lies inside
// the executor's configuration. Messages name the command, the field, what was given and what is allowed.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import {
  ACCESS_KIND,
  ACCESS_RECORD_WORDS,
  MAX_PTE_WRITE_ENTRIES,
  OPCODE,
  SYSTEM_SPACE,
  TLB_INVAL_ALL,
  UPLOAD_PATHS,
  type Access,
  type AccessLoad,
  type Chase,
  type Command,
  type Copy,
  type CopyBaseline,
  type CopyTranslated,
  type CpuAccess,
  type PteFill,
  type PteWrite,
  type TlbInval,
  type Upload,
  type WalkRoot,
  type Zap,
} from './commands.ts';
import type { ExecutorConfig } from './executor.ts';
import type { Job } from './job.ts';
import { tableFrames } from './segments.ts';
import {
  entries,
  flag,
  frames,
  int,
  pagesOf,
  segments,
  show,
  space,
  table,
  tlbLines,
  U32_MAX,
  u32,
  words,
  type Fault,
} from './validate-fields.ts';

/** Highest address-space id: 20 bits in a fault record (xe.md §1.1). */
export const MAX_ASID = 0xfffff;
/** Most accesses of one ACCESS: the cookie (PDATA) has 16 bits. */
const MAX_ACCESS_COUNT = 0x10000;
/** Loads of one lane of a CHASE: far above any walk, far below what a GPU's watchdog bears. */
const MAX_CHASE_LOADS = 4096;
/** Virtual pages of a 57-bit address space. */
const VPN_COUNT = 2 ** 45;
/** High halves of 57-bit addresses are below this. */
const VA_HI_COUNT = 2 ** 25;
/** A descriptor names a space in 8 bits. */
const MAX_SPACES = 256;
/** A frame's number and a page count each fill one word of a descriptor. */
const MAX_FRAMES = 2 ** 32;

/** The first thing wrong with `job` under `config`, as one line for people; null when it can run. */
export function validateJob(job: Job, config: ExecutorConfig): string | null {
  const fault = header(job);
  if (fault !== null) return `job ${job.seq}: ${fault}`;
  for (let i = 0; i < job.commands.length; i++) {
    const command = job.commands[i] as Command;
    const wrong = validateCommand(command, config);
    if (wrong !== null) return `job ${job.seq}, command ${i} ${command.op}: ${wrong}`;
  }
  return null;
}

/** The first thing wrong with an executor's configuration; null when jobs can be checked against it. */
export function validateConfig(config: ExecutorConfig): string | null {
  for (const { name, pages } of config.spaces) {
    const wrong = int(`pages of space "${name}"`, pages, 1, MAX_FRAMES);
    if (wrong !== null) return wrong;
  }
  return (
    hostSpaces(config) ??
    int('number of spaces', config.spaces.length, 1, MAX_SPACES) ??
    int('accessCapacity', config.accessCapacity, 0, U32_MAX) ??
    int('faultCapacity', config.faultCapacity, 0, U32_MAX) ??
    segments(config) ??
    tlbLines(config.tlbLines)
  );
}

function hostSpaces({ spaces }: ExecutorConfig): Fault {
  const at = spaces.findIndex(({ host }, i) => host === true && i !== SYSTEM_SPACE);
  return at < 0 ? null : `host of space "${spaces[at]?.name}" is true, allowed for space ${SYSTEM_SPACE} only`;
}

function header(job: Job): Fault {
  if (typeof job.queue !== 'string' || job.queue === '') return `queue is ${show(job.queue)}, wanted a name`;
  if (typeof job.label !== 'string') return `label is ${show(job.label)}, wanted text`;
  if (typeof job.timed !== 'boolean') return `timed is ${show(job.timed)}, wanted true or false`;
  return int('seq', job.seq, 1, U32_MAX);
}

/** The first thing wrong with one command; null when it can run. */
export function validateCommand(command: Command, config: ExecutorConfig): string | null {
  switch (command.op) {
    case 'pteWrite':
      return pteWrite(command, config);
    case 'pteFill':
      return pteFill(command, config);
    case 'zap':
      return zap(command, config);
    case 'tlbInval':
      return tlbInval(command);
    case 'copy':
      return copy(command, config);
    case 'copyTranslated':
      return copyTranslated(command, config);
    case 'copyBaseline':
      return copyBaseline(command, config);
    case 'fill':
      return frames('', command.space, command.frame, command.pages, config) ?? u32('pattern', command.pattern);
    case 'fillSeeded':
      return (
        frames('', command.space, command.frame, command.pages, config) ??
        u32('seed', command.seed) ??
        u32('pageLo', command.pageLo)
      );
    case 'accessLoad':
      return accessLoad(command, config);
    case 'access':
      return access(command, config);
    case 'accessResult':
      return accessRange(command.base, command.count, U32_MAX, config);
    case 'chase':
      return chase(command, config);
    case 'cpuAccess':
      return cpuAccess(command, config);
    case 'hash':
    case 'readback':
      return frames('', command.space, command.frame, command.pages, config);
    case 'upload':
      return upload(command, config);
    default:
      return `unknown op, known are ${Object.keys(OPCODE).join(', ')}`;
  }
}

function pteWrite(command: PteWrite, config: ExecutorConfig): Fault {
  return (
    table(command.space, command.table, config) ??
    words('entries', command.entries, 2, 1, MAX_PTE_WRITE_ENTRIES) ??
    entries(command.index, command.entries.length / 2)
  );
}

function pteFill(command: PteFill, config: ExecutorConfig): Fault {
  return (
    table(command.space, command.table, config) ??
    entries(command.index, command.count) ??
    u32('lo', command.lo) ??
    u32('hi', command.hi)
  );
}

function zap(command: Zap, config: ExecutorConfig): Fault {
  return table(command.space, command.table, config) ?? entries(command.index, command.count);
}

function tlbInval(command: TlbInval): Fault {
  const { asid, vpn, log2Pages } = command;
  if (log2Pages === TLB_INVAL_ALL) return int('asid', asid, 0, MAX_ASID) ?? int('vpn', vpn, 0, VPN_COUNT - 1);
  const fault = int('log2Pages', log2Pages, 0, 45);
  if (fault !== null) return `${fault} or ${TLB_INVAL_ALL}`;
  return int('asid', asid, 0, MAX_ASID) ?? int('vpn', vpn, 0, VPN_COUNT - 2 ** log2Pages);
}

function overlap(a: number, b: number, pages: number): boolean {
  return Math.abs(a - b) < pages;
}

function copy(command: Copy | CopyBaseline, config: ExecutorConfig): Fault {
  const { srcSpace, srcFrame, dstSpace, dstFrame, pages } = command;
  const wrong = frames('src', srcSpace, srcFrame, pages, config) ?? frames('dst', dstSpace, dstFrame, pages, config);
  if (wrong !== null) return wrong;
  if (srcSpace !== dstSpace || !overlap(srcFrame, dstFrame, pages)) return null;
  return `dstFrame is ${dstFrame}, allowed none that overlaps ${pages} pages from srcFrame ${srcFrame} in space ${srcSpace}`;
}

function copyBaseline(command: CopyBaseline, config: ExecutorConfig): Fault {
  const { method } = command;
  if (method !== 'linear' && method !== 'linearEntries' && method !== 'copyBufferToBuffer')
    return `method is ${show(method)}, allowed "copyBufferToBuffer", "linear", "linearEntries"`;
  const wrong = copy(command, config);
  if (wrong !== null || method !== 'copyBufferToBuffer' || command.srcSpace !== command.dstSpace) return wrong;
  return `dstSpace is ${command.dstSpace}, allowed any but srcSpace: copyBufferToBuffer refuses one buffer on both sides`;
}

function root(value: WalkRoot, config: ExecutorConfig): Fault {
  return (
    space('root.space', value.space, config) ??
    int('root.frame', value.frame, 0, tableFrames(config, value.space) - 1) ??
    int('root.level', value.level, 3, 4)
  );
}

/** A copy that writes each destination page once is never longer than its space. */
function copyTranslated(command: CopyTranslated, config: ExecutorConfig): Fault {
  const { srcVpn, dstVpn, pages } = command;
  const last = command.root.level === 3 ? 2 ** 36 : VPN_COUNT;
  const wrong =
    root(command.root, config) ??
    space('srcSpace', command.srcSpace, config) ??
    space('dstSpace', command.dstSpace, config) ??
    int('pages', pages, 1, pagesOf(command.dstSpace, config)) ??
    int('srcVpn', srcVpn, 0, last - pages) ??
    int('dstVpn', dstVpn, 0, last - pages);
  if (wrong !== null || !overlap(srcVpn, dstVpn, pages)) return wrong;
  return `dstVpn is ${dstVpn}, allowed none that overlaps ${pages} pages from srcVpn ${srcVpn}`;
}

function accessLoad(command: AccessLoad, config: ExecutorConfig): Fault {
  const { base, records } = command;
  const wrong = words('records', records, ACCESS_RECORD_WORDS, 1, config.accessCapacity);
  if (wrong !== null) return wrong;
  return int('base', base, 0, config.accessCapacity - records.length / ACCESS_RECORD_WORDS) ?? accessRecords(records);
}

function accessRecords(records: Uint32Array): Fault {
  for (let i = 0; i < records.length; i += ACCESS_RECORD_WORDS) {
    const hi = records[i + 1] as number;
    const kind = records[i + 2] as number;
    if (hi >= VA_HI_COUNT) return int(`address hi of record ${i / ACCESS_RECORD_WORDS}`, hi, 0, VA_HI_COUNT - 1);
    if (kind > ACCESS_KIND.atomic)
      return int(`kind of record ${i / ACCESS_RECORD_WORDS}`, kind, ACCESS_KIND.read, ACCESS_KIND.atomic);
  }
  return null;
}

function accessRange(base: number, count: number, max: number, config: ExecutorConfig): Fault {
  return (
    int('base', base, 0, config.accessCapacity - 1) ??
    int('count', count, 1, Math.min(max, config.accessCapacity - base))
  );
}

function access(command: Access, config: ExecutorConfig): Fault {
  return (
    int('asid', command.asid, 0, MAX_ASID) ??
    root(command.root, config) ??
    accessRange(command.base, command.count, MAX_ACCESS_COUNT, config) ??
    flag('tlb', command.tlb) ??
    flag('chained', command.chained) ??
    flag('translateOnly', command.translateOnly ?? false)
  );
}

function chase({ space: id, frame, pages, base, count, loads }: Chase, config: ExecutorConfig): Fault {
  const wrong = frames('', id, frame, pages, config) ?? accessRange(base, count, U32_MAX, config);
  if (wrong !== null) return wrong;
  if (frame + pages > tableFrames(config, id)) return `frame is ${frame}, allowed what ends in the first segment`;
  if ((pages & (pages - 1)) !== 0) return `pages is ${pages}, wanted a power of two`;
  return int('loads', loads, 1, MAX_CHASE_LOADS);
}

function cpuAccess(command: CpuAccess, config: ExecutorConfig): Fault {
  return (
    space('space', SYSTEM_SPACE, config) ??
    int('frame', command.frame, 0, pagesOf(SYSTEM_SPACE, config) - 1) ??
    int('word', command.word, 0, WORDS_PER_PAGE - 1) ??
    int('kind', command.kind, ACCESS_KIND.read, ACCESS_KIND.atomic) ??
    u32('operand', command.operand)
  );
}

function upload(command: Upload, config: ExecutorConfig): Fault {
  const wrong = words('words', command.words, WORDS_PER_PAGE, 1, U32_MAX);
  if (wrong !== null) return wrong;
  if (command.via !== undefined && !UPLOAD_PATHS.includes(command.via))
    return `via is ${show(command.via)}, allowed "${UPLOAD_PATHS.join('", "')}"`;
  return frames('', command.space, command.frame, command.words.length / WORDS_PER_PAGE, config);
}
