// The truth about memory: what every word of the process must hold, computed without any part of the engine.
import { present } from '../../base/assert.ts';
import { fillSeededPage, hashPage, mix32, pageKey, seededWord } from '../../base/mix.ts';
import { vpnOf, WORDS_PER_PAGE, type Vpn } from '../../base/units.ts';
import { ACCESS_KIND, ACCESS_RECORD_WORDS } from '../../engine/plan/commands.ts';
import type { AccessList, Step, VmaSpec } from './workload.ts';

export class Oracle {
  private readonly seed: number;
  private readonly vmas: readonly VmaSpec[];
  /** Pages that were stored to; all others still hold their seeded contents. */
  private readonly written = new Map<Vpn, Uint32Array>();
  private readonly scratch = new Uint32Array(WORDS_PER_PAGE);
  private scratchVpn: Vpn = -1;

  constructor(vmas: readonly VmaSpec[], seed: number) {
    this.vmas = vmas;
    this.seed = seed;
  }

  /** Seed for FILL_SEEDED of pages that share their high bits with `vpn`. */
  fillSeed(vpn: Vpn): number {
    return mix32(this.seed ^ mix32(Math.floor(vpn / 2 ** 32) + 1));
  }

  /** `pageLo` for FILL_SEEDED of `vpn`. */
  fillPageLo(vpn: Vpn): number {
    return vpn % 2 ** 32;
  }

  /** Pages of all VMAs. */
  get pages(): number {
    return this.vmas.reduce((sum, vma) => sum + vma.pages, 0);
  }

  /** Contents of one page now; valid until the next call. */
  page(vpn: Vpn): Uint32Array {
    return this.written.get(vpn) ?? this.seeded(vpn);
  }

  /** Value of the word at a 4-byte aligned address. */
  word(lo: number, hi: number): number {
    const vpn = vpnOf(lo, hi);
    const index = (lo >>> 2) % WORDS_PER_PAGE;
    const page = this.written.get(vpn);
    return page === undefined ? seededWord(this.keyOf(vpn), index) : (page[index] as number);
  }

  /** Performs the stores of a step. Loads of the same step see the state before or after: it is the same. */
  apply(step: Step): void {
    if (step.gpu !== null) this.applyList(step.gpu);
    if (step.cpu !== null) this.applyList(step.cpu);
  }

  /**
   * Loads of `list` whose value differs from the truth. `values` holds `stride` words an access, the loaded value at
   * `offset`. Call before `apply` or after: no word is loaded and stored in one step.
   */
  wrongLoads(list: AccessList, values: Uint32Array, stride: number, offset: number): number {
    let wrong = 0;
    for (let i = 0; i < list.count; i++) {
      const at = i * ACCESS_RECORD_WORDS;
      if (list.records[at + 2] !== ACCESS_KIND.read) continue;
      const expected = this.word(present(list.records[at], 'lo'), present(list.records[at + 1], 'hi'));
      if (expected !== values[i * stride + offset]) wrong++;
    }
    return wrong;
  }

  /** Content hash of a page (base/mix.ts·hashPage) into out[at], out[at + 1]. */
  hash(vpn: Vpn, out: Uint32Array, at: number): void {
    hashPage(this.page(vpn), 0, out, at);
  }

  private applyList(list: AccessList): void {
    for (let i = 0; i < list.count; i++) {
      const at = i * ACCESS_RECORD_WORDS;
      if (list.records[at + 2] === ACCESS_KIND.read) continue;
      const lo = present(list.records[at], 'lo');
      const page = this.writable(vpnOf(lo, present(list.records[at + 1], 'hi')));
      const word = (lo >>> 2) % WORDS_PER_PAGE;
      page[word] = present(page[word], 'word') + present(list.records[at + 3], 'operand');
    }
  }

  private writable(vpn: Vpn): Uint32Array {
    let page = this.written.get(vpn);
    if (page === undefined) {
      page = this.seeded(vpn).slice();
      this.written.set(vpn, page);
    }
    return page;
  }

  private keyOf(vpn: Vpn): number {
    return pageKey(this.fillSeed(vpn), this.fillPageLo(vpn));
  }

  private seeded(vpn: Vpn): Uint32Array {
    if (this.scratchVpn !== vpn) {
      fillSeededPage(this.scratch, this.keyOf(vpn));
      this.scratchVpn = vpn;
    }
    return this.scratch;
  }
}
