// CPU page table: words, leaves, and loops over sparse spans.
import { describe, expect, it } from 'vitest';
import {
  CpuPageTable,
  PTE_KIND,
  leafEnd,
  pteHuge,
  pteKind,
  pteMakeWritable,
  ptePfn,
  pteReadOnly,
  pteWord,
  pteWritable,
} from '../../../src/model/mm/page-table.ts';

describe('page-table words', () => {
  it('keep kind, permission, size and the largest page number', () => {
    for (const kind of Object.values(PTE_KIND)) {
      for (const pfn of [0, 1, 2 ** 26, 2 ** 27 - 1]) {
        const word = pteWord(kind, pfn, true, true);
        expect([pteKind(word), ptePfn(word), pteWritable(word), pteHuge(word)]).toEqual([kind, pfn, true, true]);
        expect([pteWritable(pteReadOnly(word)), ptePfn(pteReadOnly(word))]).toEqual([false, pfn]);
        expect(pteMakeWritable(pteReadOnly(word))).toBe(word);
      }
    }
  });
});

describe('CpuPageTable', () => {
  it('is none where nothing was set, and holds the highest page of 57 bits', () => {
    const table = new CpuPageTable();
    const top = 2 ** 45 - 1;
    expect(table.get(top)).toBe(0);
    table.set(top, 42);
    table.set(0, 7);
    expect([table.get(top), table.get(top - 1), table.get(0), table.get(2 ** 44)]).toEqual([42, 0, 7, 0]);
  });

  it('setting none makes no leaf', () => {
    const table = new CpuPageTable();
    table.set(5, 0);
    expect(table.leafOf(5)).toBeNull();
    table.set(5, 1);
    expect(table.leafOf(5)?.[5]).toBe(1);
  });

  it('visits set pages in order and lets the visitor change them', () => {
    const table = new CpuPageTable();
    for (const vpn of [3, 511, 512, 5000, 9999]) table.set(vpn, vpn + 1);
    const visited: number[] = [];
    table.forEachInRange(4, 9999, (vpn, word) => {
      visited.push(vpn);
      expect(word).toBe(vpn + 1);
      table.set(vpn, 0);
    });
    expect(visited).toEqual([511, 512, 5000]);
    expect([table.get(3), table.get(512), table.get(9999)]).toEqual([4, 0, 10000]);
  });

  it('crosses an address space without walking it', () => {
    const table = new CpuPageTable();
    table.set(2 ** 40, 9);
    table.set(100, 8);
    const visited: number[] = [];
    table.forEachInRange(0, 2 ** 45, (vpn) => visited.push(vpn));
    expect(visited).toEqual([100, 2 ** 40]);
    expect(table.nextLeaf(600, 2 ** 45)).toBe(2 ** 40);
    expect(table.nextLeaf(2 ** 40 + 512, 2 ** 45)).toBe(2 ** 45);
    expect(table.nextLeaf(0, 50)).toBe(0);
    expect(table.nextLeaf(512, 1024)).toBe(1024);
  });

  it('drops only the leaves that lie wholly inside', () => {
    for (const end of [2048, 2 ** 45]) {
      const table = new CpuPageTable();
      for (const vpn of [511, 512, 1024, 1536]) table.set(vpn, 1);
      table.dropLeaves(511, end);
      expect([511, 512, 1024, 1536].map((vpn) => table.leafOf(vpn) !== null)).toEqual([true, false, false, false]);
    }
  });

  it('tells the observer every change', () => {
    const table = new CpuPageTable();
    const changes: number[][] = [];
    table.observer = (...change) => changes.push(change);
    table.set(5, 3);
    table.set(5, 4);
    table.set(600, 0);
    expect(changes).toEqual([
      [5, 0, 3],
      [5, 3, 4],
    ]);
  });

  it('leafEnd stops at the leaf or at the end', () => {
    expect([leafEnd(0, 9999), leafEnd(511, 9999), leafEnd(512, 600), leafEnd(1024, 1536)]).toEqual([
      512, 512, 600, 1536,
    ]);
  });
});
