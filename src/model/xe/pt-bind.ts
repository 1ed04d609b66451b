// Staging of a bind: chooses leaves, builds private tables and collects the entries that shared tables get (xe.md §5.4).
//
// Staging changes nothing that others see: it only allocates tables. What it would change is in the StagedBind.
import { assert } from '../../base/assert.ts';
import type { Errno } from '../../base/errno.ts';
import type { Frame, Vpn } from '../../base/units.ts';
import { directoryFlags, entryHi, entryLo, leafFlags, PTE_BIT, type EntryFlags } from './pt-entry.ts';
import { COMPACT_ENTRIES, MAX_LEAF_LEVEL, PAGES_2M, PAGES_64K, TABLE_ENTRIES, entryPages } from './pt-geometry.ts';
import { PtNode } from './pt-node.ts';
import { LEAF_PROTO, SegmentCursor, type SegmentSource } from './pt-segments.ts';
import { TableWrite } from './pt-write.ts';

/** Flags of the leaves of one bind (xe.md §5.3). */
export interface BindFlags {
  readonly write: boolean;
  /** AE on VRAM leaves. */
  readonly atomicEnable: boolean;
  /** AE on leaves of system memory: device atomics on system memory are allowed here. Default false. */
  readonly atomicSystem?: boolean;
  /** PAT index of the leaves, 0…31. */
  readonly pat: number;
}

/** Entries put, by kind of leaf; `compact` counts 64K entries. */
export interface LeafCounts {
  plain: number;
  ps64: number;
  compact: number;
  large2M: number;
  large1G: number;
}

/** What the tables of one address space have in common. */
export interface BindRules {
  /** 64K granularity is required for VRAM (xe.md §5.1). */
  readonly need64k: boolean;
  /** Compact level-0 tables exist on this hardware. */
  readonly compact: boolean;
  /** PAT index of the tables themselves, 0…3. */
  readonly tablePat: number;
  allocTable(): Frame | -1;
}

export class StagedBind {
  readonly startVpn: Vpn;
  readonly endVpn: Vpn;
  /** Contents of the new tables, parents before children. */
  readonly contents: TableWrite[] = [];
  /** Entries for tables that exist: what makes the bind visible. One for an SVM range (I-P5). */
  readonly updates: TableWrite[] = [];
  readonly tables: PtNode[] = [];
  readonly leaves: LeafCounts = { plain: 0, ps64: 0, compact: 0, large2M: 0, large1G: 0 };
  /** Set by commit or abort. */
  finished = false;

  constructor(startVpn: Vpn, endVpn: Vpn) {
    this.startVpn = startVpn;
    this.endVpn = endVpn;
  }

  get newTables(): number {
    return this.tables.length;
  }
}

/** Flags of every leaf that a bind may need, worked out once. */
class LeafTemplates {
  private readonly small: EntryFlags[];
  private readonly large: EntryFlags[];

  constructor(flags: BindFlags, isNull: boolean) {
    const { write, pat } = flags;
    const kinds = [
      { write, pat, null: isNull, vram: false, atomic: flags.atomicSystem ?? false },
      { write, pat, null: isNull, vram: true, atomic: flags.atomicEnable },
    ];
    this.small = kinds.map((kind) => leafFlags(kind, 0));
    this.large = kinds.map((kind) => leafFlags(kind, 1));
  }

  of(proto: number, level: number): EntryFlags {
    return (level === 0 ? this.small : this.large)[proto] as EntryFlags;
  }
}

const NO_TABLE = 'ENOMEM';

export class BindStager {
  private readonly rules: BindRules;
  private readonly cursor = new SegmentCursor();
  private staged: StagedBind = new StagedBind(0, 0);
  private templates: LeafTemplates | null = null;
  private isNull = false;

  constructor(rules: BindRules) {
    this.rules = rules;
  }

  /**
   * Stages a bind of [startVpn, endVpn) to `source`, or to NULL leaves. On an error the tables made so far are in
   * `partial`, for the caller to give back. ENOMEM: no table; EINVAL: VRAM without 64K granularity on hardware that
   * needs it; EOPNOTSUPP: memory of a peer, which a leaf of this model cannot name.
   */
  stage(root: PtNode, startVpn: Vpn, endVpn: Vpn, source: SegmentSource | null, flags: BindFlags): StagedBind | Errno {
    this.staged = new StagedBind(startVpn, endVpn);
    this.templates = new LeafTemplates(flags, source === null);
    this.isNull = source === null;
    if (source !== null) {
      this.cursor.load(source);
      const { pages } = this.cursor;
      assert(pages === endVpn - startVpn, () => `segments of ${pages} pages for ${endVpn - startVpn} to bind`);
      if (!this.cursor.addressable) return 'EOPNOTSUPP';
    }
    return this.walk(root, 0, startVpn, endVpn, true) ?? this.staged;
  }

  /** Tables of a stage that ended in an error. */
  get partial(): readonly PtNode[] {
    return this.staged.tables;
  }

  /** Puts [start, end) into `node`, whose first page is `base`. Null, or the error that ends the walk. */
  private walk(node: PtNode, base: Vpn, start: Vpn, end: Vpn, shared: boolean): Errno | null {
    if (node.level === 0) return this.putPages(node, base, start, end, shared);
    const span = node.entryPages;
    const last = Math.ceil((end - base) / span);
    let write: TableWrite | null = null;
    for (let i = Math.floor((start - base) / span); i < last; i++) {
      const slot = base + i * span;
      const from = Math.max(slot, start);
      const to = Math.min(slot + span, end);
      const old = shared ? this.reusable(node, i, to - from) : null;
      if (old !== null) {
        const error = this.walk(old, slot, from, to, true);
        if (error !== null) return error;
        continue;
      }
      write ??= this.openWrite(node, i, last - i, shared);
      const error = this.putLargeLeaf(write, from, to) ? null : this.putTable(write, slot, from, to);
      if (error !== null) return error;
    }
    return null;
  }

  /** The child to descend into: only where the slot is not covered as a whole, or it would be replaced. */
  private reusable(node: PtNode, index: number, pages: number): PtNode | null {
    if (pages === node.entryPages) return null;
    const child = node.childAt(index);
    return child !== null && child.extendable ? child : null;
  }

  private openWrite(node: PtNode, first: number, capacity: number, shared: boolean): TableWrite {
    const write = new TableWrite(node, first, capacity, shared);
    (shared ? this.staged.updates : this.staged.contents).push(write);
    return write;
  }

  /** xe.md §5.4 step 1 for levels 1 and 2: the slot as a whole, one segment, aligned memory. */
  private putLargeLeaf(write: TableWrite, from: Vpn, to: Vpn): boolean {
    const { level } = write;
    const span = entryPages(level);
    if (level > MAX_LEAF_LEVEL || to - from !== span) return false;
    const offset = from - this.staged.startVpn;
    if (!this.isNull) {
      this.cursor.seek(offset);
      if (this.cursor.end < offset + span || this.cursor.frameAt(offset) % span !== 0) return false;
    }
    const frame = this.isNull ? 0 : this.cursor.frameAt(offset);
    const flags = this.flagsAt(level);
    write.put(entryLo(frame, flags.lo), entryHi(frame, flags.hi), null);
    this.own(write, null);
    if (level === 1) this.staged.leaves.large2M++;
    else this.staged.leaves.large1G++;
    return true;
  }

  private putTable(write: TableWrite, slot: Vpn, from: Vpn, to: Vpn): Errno | null {
    const level = write.level - 1;
    const compact = level === 0 && this.fitsCompact(from, to);
    const frame = this.rules.allocTable();
    if (frame === -1) return NO_TABLE;
    const child = new PtNode(frame, level, compact);
    this.staged.tables.push(child);
    const flags = directoryFlags(this.rules.tablePat, compact);
    write.put(entryLo(frame, flags.lo), entryHi(frame, flags.hi), child);
    this.own(write, child);
    return this.walk(child, slot, from, to, false);
  }

  /** New tables are private: they own their entries at once. Shared ones take them at commit. */
  private own(write: TableWrite, child: PtNode | null): void {
    if (!write.shared) write.node.set(write.first + write.count - 1, child);
  }

  /** xe.md §5.4 step 3: the whole 2M in 64K pieces. */
  private fitsCompact(from: Vpn, to: Vpn): boolean {
    if (!this.rules.compact || this.isNull || to - from !== PAGES_2M) return false;
    const offset = from - this.staged.startVpn;
    this.cursor.seek(offset);
    return this.cursor.in64K(offset, offset + PAGES_2M);
  }

  private flagsAt(level: number): EntryFlags {
    const proto = this.isNull ? LEAF_PROTO.system : this.cursor.proto;
    return (this.templates as LeafTemplates).of(proto, level);
  }

  private putPages(node: PtNode, base: Vpn, start: Vpn, end: Vpn, shared: boolean): Errno | null {
    const step = node.entryPages;
    const first = (start - base) / step;
    const count = (end - start) / step;
    assert(first + count <= (node.compact ? COMPACT_ENTRIES : TABLE_ENTRIES), 'entries past the table');
    const write = this.openWrite(node, first, count, shared);
    if (!shared) node.setLeaves(first, count);
    if (this.isNull) return this.putNull(write, count);
    return node.compact ? this.put64K(write, start, end) : this.put4K(write, start, end);
  }

  private putNull(write: TableWrite, count: number): null {
    const flags = this.flagsAt(0);
    for (let i = 0; i < count; i++) write.put(flags.lo, flags.hi, null);
    this.staged.leaves.plain += count;
    return null;
  }

  private put64K(write: TableWrite, start: Vpn, end: Vpn): null {
    for (let vpn = start; vpn < end; vpn += PAGES_64K) this.putPage(write, vpn, 0);
    this.staged.leaves.compact += (end - start) / PAGES_64K;
    return null;
  }

  /** xe.md §5.4 steps 4 and 5: the hint is decided at each 64K boundary for the 16 pages behind it. */
  private put4K(write: TableWrite, start: Vpn, end: Vpn): Errno | null {
    let hint = 0;
    let hinted = 0;
    for (let vpn = start; vpn < end; vpn++) {
      const offset = vpn - this.staged.startVpn;
      this.cursor.seek(offset);
      if (vpn % PAGES_64K === 0) {
        const whole = vpn + PAGES_64K <= end && this.cursor.in64K(offset, offset + PAGES_64K);
        hint = whole ? PTE_BIT.ps64 : 0;
      }
      if (hint === 0 && this.rules.need64k && this.cursor.proto === LEAF_PROTO.vram) return 'EINVAL';
      this.putPage(write, vpn, hint);
      if (hint !== 0) hinted++;
    }
    this.staged.leaves.ps64 += hinted;
    this.staged.leaves.plain += end - start - hinted;
    return null;
  }

  private putPage(write: TableWrite, vpn: Vpn, hint: number): void {
    const offset = vpn - this.staged.startVpn;
    this.cursor.seek(offset);
    const frame = this.cursor.frameAt(offset);
    const flags = this.flagsAt(0);
    write.put(entryLo(frame, flags.lo | hint), entryHi(frame, flags.hi), null);
  }
}
