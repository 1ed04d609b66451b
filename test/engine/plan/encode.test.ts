// The codec of jobs: round trip over the whole range of every field, golden words, and refusal of words nobody wrote.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OPCODE, type Command } from '../../../src/engine/plan/commands.ts';
import { decodeJob, encodeJob } from '../../../src/engine/plan/encode.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { firstDifference } from '../../../src/engine/plan/print.ts';
import { validateJob } from '../../../src/engine/plan/validate.ts';
import { anyJob, WIDE_CONFIG } from '../../support/arbitrary-job.ts';

function job(commands: readonly Command[]): Job {
  return { seq: 42, queue: 'bind', label: 'golden', timed: true, commands };
}

function words(command: Command): number[] {
  return [...encodeJob(job([command])).descriptors];
}

describe('uploads', () => {
  const upload = { op: 'upload', space: 1, frame: 5, words: new Uint32Array(1024) } as const;

  test.each([
    [{}, 0],
    [{ via: 'writeBuffer' }, 1],
    [{ via: 'mapped' }, 2],
  ] as const)('%j is word 3 of the descriptor', (way, code) => {
    expect(words({ ...upload, ...way })).toEqual([0x10a, 5, 1, code, 0, 0, 0, 42]);
  });

  test('a way that nobody wrote is refused', () => {
    const encoded = encodeJob(job([upload]));
    encoded.descriptors[3] = 3;
    expect(() => decodeJob(encoded)).toThrow('way of an upload 3 is unknown');
  });
});

describe('round trip', () => {
  test('an empty job', () => {
    const empty = job([]);
    expect(encodeJob(empty).descriptors).toHaveLength(0);
    expect(decodeJob(encodeJob(empty))).toEqual(empty);
  });

  test('any valid job: validates, decodes to an equal job, differs nowhere', () => {
    fc.assert(
      fc.property(anyJob, (any) => {
        expect(validateJob(any, WIDE_CONFIG)).toBeNull();
        const back = decodeJob(encodeJob(any));
        expect(back).toEqual(any);
        expect(firstDifference(any, back)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  test('every opcode is reached by the generator (control of the test above)', () => {
    const seen = new Set(
      fc.sample(anyJob, { numRuns: 300, seed: 1 }).flatMap((each) => each.commands.map((c) => c.op)),
    );
    expect([...seen].sort()).toEqual(Object.keys(OPCODE).sort());
  });
});

describe('golden words', () => {
  test('PTE_WRITE: table, first index, entries, place in the payload', () => {
    const entries = Uint32Array.of(0x11, 0x22, 0x33, 0x44);
    const write = { op: 'pteWrite', space: 1, table: 7, index: 9, entries } as const;
    const encoded = encodeJob(job([write, write]));
    expect([...encoded.descriptors]).toEqual([0x101, 7, 9, 2, 0, 0, 0, 42, 0x101, 7, 9, 2, 4, 0, 0, 42]);
    expect([...encoded.payload]).toEqual([0x11, 0x22, 0x33, 0x44, 0x11, 0x22, 0x33, 0x44]);
  });

  test('PTE_FILL keeps its entry in e and f (xe.md §4.9)', () => {
    const fill = { op: 'pteFill', space: 2, table: 1, index: 2, count: 3, lo: 0xfffff083, hi: 4 } as const;
    expect(words(fill)).toEqual([0x206, 1, 2, 3, 0, 0xfffff083, 4, 42]);
  });

  test('COPY names both spaces in word 0', () => {
    const copy = { op: 'copy', srcSpace: 0, srcFrame: 5, dstSpace: 1, dstFrame: 6, pages: 7 } as const;
    expect(words(copy)).toEqual([0x1000c, 5, 6, 7, 0, 0, 0, 42]);
  });

  test('TLB_INVAL splits a 45-bit page number', () => {
    const inval = { op: 'tlbInval', asid: 0xfffff, vpn: 0x1abc_89abcdef, log2Pages: 63 } as const;
    expect(words(inval)).toEqual([5, 0xfffff, 0x89abcdef, 63, 0x1abc, 0, 0, 42]);
  });

  test('COPY_TRANSLATED packs both high parts and the level', () => {
    const root = { space: 1, frame: 3, level: 4 };
    const srcVpn = 0x1fff_00000001;
    const dstVpn = 0x0001_00000002;
    const copy = { op: 'copyTranslated', root, srcSpace: 0, srcVpn, dstSpace: 1, dstVpn, pages: 8 } as const;
    expect(words(copy)).toEqual([0x10002, 1, 0x1fff + 0x2000 + 4 * 2 ** 26, 2, 8, 3, 1, 42]);
  });
});

describe('flags of an ACCESS', () => {
  test.each([
    [false, false, 4],
    [true, false, 0x104],
    [false, true, 0x204],
    [true, true, 0x304],
  ])('tlb %s, chained %s: word e is %i', (tlb, chained, expected) => {
    const root = { space: 1, frame: 3, level: 4 };
    const access = { op: 'access', asid: 5, root, base: 6, count: 7, tlb, chained } as const;
    expect(words(access)).toEqual([0x107, 5, 6, 7, 3, expected, 0, 42]);
  });
});

describe('words that no encoder wrote', () => {
  const good = encodeJob(job([{ op: 'fill', space: 0, frame: 0, pages: 1, pattern: 1 }]));

  test('decode when whole (control)', () => {
    expect(decodeJob(good).commands).toHaveLength(1);
  });

  test.each([
    ['half a descriptor', good.descriptors.slice(0, 7), 'wanted a multiple of 8'],
    ['an unknown opcode', good.descriptors.map((w, i) => (i === 0 ? 99 : w)), 'opcode 99 is unknown'],
    ['another fence', good.descriptors.map((w, i) => (i === 7 ? 41 : w)), 'seq 41, wanted 42'],
  ])('%s is refused', (_, descriptors, message) => {
    expect(() => decodeJob({ ...good, descriptors })).toThrow(message);
  });

  test('a payload that ends too early is refused', () => {
    const encoded = encodeJob(job([{ op: 'upload', space: 0, frame: 0, words: new Uint32Array(1024) }]));
    expect(decodeJob(encoded).commands).toHaveLength(1);
    expect(() => decodeJob({ ...encoded, payload: encoded.payload.slice(1) })).toThrow('payload');
  });
});
