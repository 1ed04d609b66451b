// What every byte of several processes must be, kept without pages, entries or references: a map of values.
export interface OracleFile {
  pages: number;
  /** Pages that are not zero. */
  readonly content: Map<number, Uint32Array>;
}

interface Slot {
  readonly file: OracleFile | null;
  readonly page: number;
  readonly shared: boolean;
  read: boolean;
  write: boolean;
  locked: boolean;
  /** What this process alone sees; null: the file's page, or zeroes. */
  own: Uint32Array | null;
}

const ZERO = new Uint32Array(1024);

/** One process: its pages by number. Nothing here knows of frames. */
export class OracleProcess {
  readonly slots = new Map<number, Slot>();

  map(start: number, pages: number, slot: Partial<Slot> & { readonly offset?: number } = {}): void {
    const { file = null, offset = 0, shared = false, read = true, write = true } = slot;
    for (let i = 0; i < pages; i++) {
      this.slots.set(start + i, { file, page: offset + i, shared, read, write, locked: false, own: null });
    }
  }

  unmap(start: number, end: number): void {
    for (let vpn = start; vpn < end; vpn++) this.slots.delete(vpn);
  }

  /** The whole page, or the signal. */
  page(vpn: number, write = false): Uint32Array | 'SEGV' | 'BUS' {
    const slot = this.slots.get(vpn);
    if (slot === undefined || !(write ? slot.write : slot.read)) return 'SEGV';
    if (slot.file !== null && slot.own === null && slot.page >= slot.file.pages) return 'BUS';
    return slot.own ?? slot.file?.content.get(slot.page) ?? ZERO;
  }

  /** Adds to a word; returns the word before, or the signal. */
  add(vpn: number, word: number, add: number): number | 'SEGV' | 'BUS' {
    const page = this.page(vpn, true);
    const slot = this.slots.get(vpn);
    if (typeof page === 'string' || slot === undefined) return page as 'SEGV';
    const before = page[word] as number;
    const changed = page.slice();
    changed[word] = before + add;
    if (slot.shared && slot.file !== null) slot.file.content.set(slot.page, changed);
    else slot.own = changed;
    return before;
  }

  /** Pages of private, writable file mappings of [start, end) that can be had are the process's own from now on. */
  copyFile(start: number, end: number): void {
    for (let vpn = start; vpn < end; vpn++) {
      const slot = this.slots.get(vpn);
      const page = this.page(vpn);
      if (slot?.write === true && !slot.shared && slot.file !== null && typeof page !== 'string')
        slot.own = page.slice();
    }
  }

  fork(): OracleProcess {
    const child = new OracleProcess();
    for (const [vpn, slot] of this.slots)
      child.slots.set(vpn, { ...slot, locked: false, own: slot.own?.slice() ?? null });
    return child;
  }

  discard(start: number, end: number): void {
    for (let vpn = start; vpn < end; vpn++) {
      const slot = this.slots.get(vpn);
      if (slot !== undefined) slot.own = null;
    }
  }

  move(from: number, pages: number, to: number, keepOld: boolean): void {
    const moved = Array.from({ length: pages }, (_, i) => this.slots.get(from + i));
    for (let i = 0; i < pages; i++) {
      const slot = moved[i];
      if (slot === undefined) continue;
      if (keepOld) this.slots.set(from + i, { ...slot, locked: false, own: null });
      else this.slots.delete(from + i);
    }
    for (let i = 0; i < pages; i++) {
      const slot = moved[i];
      if (slot !== undefined) this.slots.set(to + i, slot);
    }
  }

  /** One page more of whatever `vpn` − 1 is. */
  grow(vpn: number): void {
    const before = this.slots.get(vpn - 1);
    if (before !== undefined) this.slots.set(vpn, { ...before, page: before.page + 1, own: null });
  }

  /** Private copies of file pages from `page` on go, as the file becomes shorter. */
  truncated(file: OracleFile, page: number): void {
    for (const slot of this.slots.values()) if (slot.file === file && slot.page >= page) slot.own = null;
  }
}

export function truncate(file: OracleFile, processes: Iterable<OracleProcess>, pages: number): void {
  file.pages = pages;
  for (const page of file.content.keys()) if (page >= pages) file.content.delete(page);
  for (const process of processes) process.truncated(file, pages);
}
