// TLB windows: golden vectors (xe.md §2.5), coverage (I-T2), and the two properties that quirk Q5's proof needs.
import { expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { TLB_INVAL_ALL } from '../../../src/engine/plan/commands.ts';
import { tlbInval, tlbInvalAll, tlbWindow } from '../../../src/model/xe/tlb.ts';

test.each([
  ['4K', 0x1000, 0x2000, 0x1000, 0],
  ['64K', 0x10000, 0x20000, 0x10000, 4],
  ['8K across a 128K boundary', 0x1f000, 0x21000, 0, 6],
  ['2M block', 0x40000000, 0x40200000, 0x40000000, 12],
  ['2M block in the middle of 16M', 0x40600000, 0x40800000, 0x40000000, 12],
  ['8K across a 16M boundary', 0xfff000, 0x1001000, 0, 13],
  ['nothing counts as 4K', 0x5000, 0x5000, 0x5000, 0],
  ['high address', 0x7f0000010000, 0x7f0000020000, 0x7f0000010000, 4],
])('%s', (_, start, end, window, code) => {
  expect(tlbWindow(start / 4096, end / 4096)).toEqual({ vpn: window / 4096, log2Pages: code });
});

test('a window larger than the address space becomes a full invalidation', () => {
  expect(tlbWindow(0, 2 ** 45)).toEqual({ vpn: 0, log2Pages: 45 });
  expect(tlbWindow(2 ** 44 - 1, 2 ** 45 - 1).log2Pages).toBe(45);
  expect(tlbWindow(1, 2 ** 46)).toEqual({ vpn: 0, log2Pages: TLB_INVAL_ALL });
  expect(tlbInvalAll(7)).toEqual({ op: 'tlbInval', asid: 7, vpn: 0, log2Pages: TLB_INVAL_ALL });
  expect(tlbInval(3, 16, 32)).toEqual({ op: 'tlbInval', asid: 3, vpn: 16, log2Pages: 4 });
});

test('I-T2: the window covers the interval, is naturally aligned, and contains every aligned range it cuts into (Q5)', () => {
  const rng = createRng(25);
  for (let i = 0; i < 20_000; i++) {
    const start = rng.below(2 ** 20) * (rng.below(2) === 0 ? 1 : 512) + rng.below(16);
    const end = start + 1 + rng.below(2 ** rng.below(14));
    const { vpn, log2Pages } = tlbWindow(start, end);
    const size = 2 ** log2Pages;
    expect(vpn <= start && end <= vpn + size, `[${start}, ${end})`).toBe(true);
    expect(vpn % size, `[${start}, ${end})`).toBe(0);
    // An aligned power-of-two range that ends inside [start, end) but begins before it lies wholly in the window.
    const range = 2 ** rng.below(10);
    const boundary = start - (start % range) + range;
    if (boundary > start && boundary < end && boundary % range === 0) {
      expect(boundary - range >= vpn, `[${start}, ${end}), range of ${range}`).toBe(true);
    }
  }
});
