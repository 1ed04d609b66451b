// The narrow waist: every command that a decision can ask an executor to perform (design.md §3, xe.md §4.9).
//
// Memory is addressed as (space, frame): a space is one buffer of 4 KiB frames. Page-table entries are pairs of
// 32-bit words (lo, hi) with the hardware's bits (xe.md §5.2). A table is one frame of 512 entries.
import type { Frame, Vpn } from '../../base/units.ts';

/** Index of a memory space. 0 is system memory; 1 … are the VRAM of device 0 … */
export type SpaceId = number;
export const SYSTEM_SPACE: SpaceId = 0;
export const VRAM_SPACE: SpaceId = 1;

/** Opcode of each command in the encoded form; word 0 of a descriptor. */
export const OPCODE = {
  pteWrite: 1,
  copyTranslated: 2,
  fill: 3,
  zap: 4,
  tlbInval: 5,
  pteFill: 6,
  access: 7,
  cpuAccess: 8,
  hash: 9,
  upload: 10,
  readback: 11,
  copy: 12,
  fillSeeded: 13,
  accessLoad: 14,
  accessResult: 15,
  copyBaseline: 16,
  chase: 17,
} as const;

export type OpName = keyof typeof OPCODE;

/** Most entries of one PTE_WRITE: the store packet's limit in the driver (xe.md §4.2). */
export const MAX_PTE_WRITE_ENTRIES = 510;
/** `log2Pages` of a TLB_INVAL that drops every line of its address space. */
export const TLB_INVAL_ALL = 63;

/** A page-table root: where a walk starts. `level` 4 covers 57 bits, 3 covers 48 (xe.md §5.1). */
export interface WalkRoot {
  readonly space: SpaceId;
  readonly frame: Frame;
  readonly level: number;
}

/** Store `entries.length / 2` entries from `index` on in the table at (space, table). At most 510, within the table. */
export interface PteWrite {
  readonly op: 'pteWrite';
  readonly space: SpaceId;
  readonly table: Frame;
  readonly index: number;
  /** lo, hi pairs. */
  readonly entries: Uint32Array;
}

/** Store the one entry (lo, hi) `count` times. */
export interface PteFill {
  readonly op: 'pteFill';
  readonly space: SpaceId;
  readonly table: Frame;
  readonly index: number;
  readonly count: number;
  readonly lo: number;
  readonly hi: number;
}

/** Zero `count` entries. */
export interface Zap {
  readonly op: 'zap';
  readonly space: SpaceId;
  readonly table: Frame;
  readonly index: number;
  readonly count: number;
}

/** Drop TLB lines of `asid` that cover [vpn, vpn + 2^log2Pages); TLB_INVAL_ALL drops all of the asid. */
export interface TlbInval {
  readonly op: 'tlbInval';
  readonly asid: number;
  readonly vpn: Vpn;
  readonly log2Pages: number;
}

/** Copy whole pages by frame numbers; ranges of one space must not overlap. The `physical` copy mode. */
export interface Copy {
  readonly op: 'copy';
  readonly srcSpace: SpaceId;
  readonly srcFrame: Frame;
  readonly dstSpace: SpaceId;
  readonly dstFrame: Frame;
  readonly pages: number;
}

/**
 * Copy whole pages between virtual addresses of the engine's own address space: both sides are walked through the
 * tables under `root`, page by page. The spaces say which buffers the leaves must target; a leaf that is absent or
 * targets another space is an engine fault: that page is not copied, the others are, and the job fails. The `translated`
 * copy mode.
 *
 * Copies that follow each other in a job, with one root and the same spaces, may all be walked before any of them copies.
 * What one writes and another writes or reads by the same virtual page keeps its order; the submitter sees to it that
 * such neighbours reach no written frame by two virtual pages, and write no table that they are walked through.
 */
export interface CopyTranslated {
  readonly op: 'copyTranslated';
  readonly root: WalkRoot;
  readonly srcSpace: SpaceId;
  readonly srcVpn: Vpn;
  readonly dstSpace: SpaceId;
  readonly dstVpn: Vpn;
  readonly pages: number;
}

/**
 * Peers of the copy and page-table kernels, for benchmarks only: the API's own copy, or a plain linear copy shader with
 * elements of 16 bytes (`linear`) or of 8, the size of a page-table entry (`linearEntries`).
 */
export interface CopyBaseline {
  readonly op: 'copyBaseline';
  readonly method: 'copyBufferToBuffer' | 'linear' | 'linearEntries';
  readonly srcSpace: SpaceId;
  readonly srcFrame: Frame;
  readonly dstSpace: SpaceId;
  readonly dstFrame: Frame;
  readonly pages: number;
}

/** Set every word of the pages to `pattern`. */
export interface Fill {
  readonly op: 'fill';
  readonly space: SpaceId;
  readonly frame: Frame;
  readonly pages: number;
  readonly pattern: number;
}

/** Write seeded contents (base/mix.ts): page i gets pageKey(seed, pageLo + i). */
export interface FillSeeded {
  readonly op: 'fillSeeded';
  readonly space: SpaceId;
  readonly frame: Frame;
  readonly pages: number;
  readonly seed: number;
  readonly pageLo: number;
}

/** What an access does to the aligned 32-bit word at its address. Writes and atomics add `operand`. */
export const ACCESS_KIND = { read: 0, write: 1, atomic: 2 } as const;
export type AccessKind = (typeof ACCESS_KIND)[keyof typeof ACCESS_KIND];

/** Words of one record of an access list: address lo, address hi, kind, operand. */
export const ACCESS_RECORD_WORDS = 4;
/** Words of one access result: status (ACCESS_STATUS), value before the access (or the frame of a resolved one). */
export const ACCESS_RESULT_WORDS = 2;
/**
 * `resolvedSystem`: the access hit a frame of a space whose bytes the host has; the value is that frame. The host performs
 * it; it is neither pending nor a fault to later steps. (`resolvedVram` is seen inside a step only.) `translated`: an access
 * that was only to be translated; the value is its frame or NO_FRAME.
 */
export const ACCESS_STATUS = { pending: 0, done: 1, resolvedVram: 2, resolvedSystem: 3, translated: 4 } as const;

/** Value of a translated access that has no frame. */
export const NO_FRAME = 0xffffffff;

/** Put records into the access list from index `base` on and mark each of them pending. */
export interface AccessLoad {
  readonly op: 'accessLoad';
  readonly base: number;
  /** ACCESS_RECORD_WORDS words an access. */
  readonly records: Uint32Array;
}

/**
 * One step of a GPU program: every pending access in [base, base + count) walks the tables under `root` and, when it
 * hits, is performed exactly once (or resolved, ACCESS_STATUS); when it misses, it stays pending and appends a fault
 * record whose cookie (PDATA) is its index minus `base`. count ≤ 65,536 so that the cookie is unique, and ≤ the fault
 * ring's capacity wherever the run must be deterministic.
 */
export interface Access {
  readonly op: 'access';
  readonly asid: number;
  readonly root: WalkRoot;
  readonly base: number;
  readonly count: number;
  /** Look up and fill the TLB model; without it every access walks. */
  readonly tlb: boolean;
  /**
   * Do nothing when an ACCESS of the same job, from the last unchained one before it on, left an access pending. Chained
   * steps keep their order although nobody waits between them.
   */
  readonly chained: boolean;
  /**
   * Only tell frames, for benchmarks of walks: every access of the range, pending or not, becomes `translated`. Its value is
   * its frame, or NO_FRAME where it has none or would fault; there are no fault records, and no chain. Default false.
   */
  readonly translateOnly?: boolean;
}

/**
 * Peer of page walks, for benchmarks only: lane i of `count` follows `loads` dependent loads of 8-byte entries through the
 * pages. It begins at entry mix32(base + i) mod n, n being 512 × pages; the low word of each entry, mod n, is the number of
 * the next. The low word loaded last becomes the value of result base + i, with status done. `pages` is a power of two.
 */
export interface Chase {
  readonly op: 'chase';
  readonly space: SpaceId;
  readonly frame: Frame;
  readonly pages: number;
  readonly base: number;
  readonly count: number;
  readonly loads: number;
}

/** Read back the results of [base, base + count) into the job's io, ACCESS_RESULT_WORDS words each. */
export interface AccessResult {
  readonly op: 'accessResult';
  readonly base: number;
  readonly count: number;
}

/** CPU load, store or read-modify-write of one word of a system frame; io: 1 word, the value before. */
export interface CpuAccess {
  readonly op: 'cpuAccess';
  readonly frame: Frame;
  /** Word in the page, 0…1023. */
  readonly word: number;
  readonly kind: AccessKind;
  readonly operand: number;
}

/** Hash of each page (base/mix.ts·hashPage); io: 2 words a page. */
export interface Hash {
  readonly op: 'hash';
  readonly space: SpaceId;
  readonly frame: Frame;
  readonly pages: number;
}

/** Ways of host words into a device: the queue's own write, or a mapped staging buffer and a copy. */
export const UPLOAD_PATHS = ['writeBuffer', 'mapped'] as const;
export type UploadPath = (typeof UPLOAD_PATHS)[number];

/** Write host words (a multiple of 1024) into frames. */
export interface Upload {
  readonly op: 'upload';
  readonly space: SpaceId;
  readonly frame: Frame;
  readonly words: Uint32Array;
  /** Default `writeBuffer`. The bytes are the same either way, and so is their place in the order of commands. */
  readonly via?: UploadPath;
}

/** Read frames to the host; io: 1024 words a page. */
export interface Readback {
  readonly op: 'readback';
  readonly space: SpaceId;
  readonly frame: Frame;
  readonly pages: number;
}

export type Command =
  | PteWrite
  | PteFill
  | Zap
  | TlbInval
  | Copy
  | CopyTranslated
  | CopyBaseline
  | Fill
  | FillSeeded
  | AccessLoad
  | Access
  | AccessResult
  | Chase
  | CpuAccess
  | Hash
  | Upload
  | Readback;

/** Words of io that a command adds to its job's completion, in command order. */
export function ioWords(command: Command): number {
  switch (command.op) {
    case 'accessResult':
      return command.count * ACCESS_RESULT_WORDS;
    case 'cpuAccess':
      return 1;
    case 'hash':
      return command.pages * 2;
    case 'readback':
      return command.pages * 1024;
    default:
      return 0;
  }
}
