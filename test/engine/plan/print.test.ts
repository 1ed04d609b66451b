// The printer: one golden line a command, columns that line up, and the first difference of two jobs.
import { describe, expect, test } from 'vitest';
import { OPCODE, type Command } from '../../../src/engine/plan/commands.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { firstDifference, printJob } from '../../../src/engine/plan/print.ts';

const ROOT = { space: 1, frame: 0x20, level: 4 };
const COMMANDS: readonly Command[] = [
  { op: 'pteWrite', space: 1, table: 3, index: 16, entries: Uint32Array.of(0x42803, 0) },
  { op: 'pteWrite', space: 1, table: 3, index: 17, entries: Uint32Array.of(0x42803, 0, 0x43803, 0) },
  { op: 'pteFill', space: 1, table: 4, index: 0, count: 512, lo: 0x201, hi: 0x1 },
  { op: 'zap', space: 1, table: 4, index: 5, count: 7 },
  { op: 'tlbInval', asid: 0xbeef, vpn: 0x1fff_ffffffff, log2Pages: 4 },
  { op: 'tlbInval', asid: 1, vpn: 0, log2Pages: 63 },
  { op: 'copy', srcSpace: 0, srcFrame: 0x12, dstSpace: 1, dstFrame: 0x420, pages: 16 },
  { op: 'copyTranslated', root: ROOT, srcSpace: 0, srcVpn: 0x200, dstSpace: 1, dstVpn: 0x4000000, pages: 512 },
  { op: 'copyBaseline', method: 'linear', srcSpace: 0, srcFrame: 1, dstSpace: 1, dstFrame: 2, pages: 3 },
  { op: 'fill', space: 1, frame: 9, pages: 2, pattern: 0xdeadbeef },
  { op: 'fillSeeded', space: 0, frame: 9, pages: 2, seed: 7, pageLo: 0x1000 },
  { op: 'accessLoad', base: 8, records: Uint32Array.of(0x1008, 0x7f, 2, 5) },
  { op: 'access', asid: 0xbeef, root: ROOT, base: 8, count: 1, tlb: true, chained: false },
  { op: 'access', asid: 0xbeef, root: ROOT, base: 9, count: 2, tlb: false, chained: true },
  { op: 'accessResult', base: 8, count: 1 },
  { op: 'chase', space: 1, frame: 8, pages: 4, base: 8, count: 100, loads: 6 },
  { op: 'cpuAccess', frame: 0x12, word: 3, kind: 1, operand: 9 },
  { op: 'hash', space: 1, frame: 0x420, pages: 16 },
  { op: 'upload', space: 0, frame: 2, words: new Uint32Array(2048) },
  { op: 'readback', space: 0, frame: 2, pages: 1 },
];
const JOB: Job = { seq: 7, queue: 'bind', label: 'bind 64K', timed: true, commands: COMMANDS };

/** JOB with the command at `index` changed. */
function changed(index: number, change: object): Job {
  const commands = COMMANDS.map((command, i) => (i === index ? { ...command, ...change } : command));
  return { ...JOB, commands };
}

describe('a printed job', () => {
  test('is golden', () => {
    expect(`\n${printJob(JOB)}\n`).toMatchInlineSnapshot(`
      "
      job       7 bind          20 commands  timed  bind 64K
          0 PTE_WRITE     s1:0x00000003000[16]                               1  0x00000000_00042803
          1 PTE_WRITE     s1:0x00000003000[17]                               2  0x00000000_00042803 #33b4e9ef
          2 PTE_FILL      s1:0x00000004000[0]                              512  0x00000001_00000201
          3 ZAP           s1:0x00000004000[5]                                7
          4 TLB_INVAL     va:0x1fffffffffff000                               1  asid 0x0beef 2^4 pages
          5 TLB_INVAL     va:0x000000000000000                               1  asid 0x00001 all
          6 COPY          s0:0x00000012000       s1:0x00000420000           16
          7 COPY_TRANSL   va:0x000000000200000   va:0x000004000000000      512  s0 to s1 root s1:0x00000020000 L4
          8 COPY_BASELINE s0:0x00000001000       s1:0x00000002000            3  linear
          9 FILL          s1:0x00000009000                                   2  pattern 0xdeadbeef
         10 FILL_SEEDED   s0:0x00000009000                                   2  seed 0x00000007 page 0x00001000
         11 ACCESS_LOAD   list[8]                                            1  0x0000007f00001008 atomic #49c6450b
         12 ACCESS        list[8]                                            1  asid 0x0beef root s1:0x00000020000 L4 tlb
         13 ACCESS        list[9]                                            2  asid 0x0beef root s1:0x00000020000 L4 walk chained
         14 ACCESS_RESULT list[8]                                            1
         15 CHASE         s1:0x00000008000       list[8]                   100  6 loads over 4 pages
         16 CPU_ACCESS    s0:0x0000001200c                                   1  write 0x00000009
         17 HASH          s1:0x00000420000                                  16
         18 UPLOAD        s0:0x00000002000                                   2  #75bdac8f
         19 READBACK      s0:0x00000002000                                   1
      "
    `);
  });

  test('has every kind of command (control of the snapshot)', () => {
    expect([...new Set(COMMANDS.map((command) => command.op))].sort()).toEqual(Object.keys(OPCODE).sort());
  });

  test('says which way an upload goes, where it is told', () => {
    const lines = [undefined, 'writeBuffer', 'mapped'].map((via) => printJob(changed(18, { via })).split('\n')[19]);
    expect(lines.map((line) => line?.split('#75bdac8f')[1])).toEqual(['', ' writeBuffer', ' mapped']);
  });

  test('without label and timing ends at its last word', () => {
    const bare = { ...JOB, label: '', timed: false, commands: [] };
    expect(printJob(bare)).toBe('job       7 bind           0 commands');
  });

  test('shows a change deep in a payload', () => {
    const other = changed(1, { entries: Uint32Array.of(0x42803, 0, 0x43803, 1) });
    expect(printJob(other)).not.toBe(printJob(JOB));
  });
});

describe('the first difference', () => {
  test('of equal jobs is none', () => {
    expect(firstDifference(JOB, structuredClone(JOB))).toBeNull();
  });

  test('in the header names the field', () => {
    expect(firstDifference(JOB, { ...JOB, queue: 'copy' })?.split('\n')[0]).toBe('job queue bind ≠ copy');
  });

  test('in a command shows field, values and both lines', () => {
    const lines = firstDifference(JOB, changed(6, { srcFrame: 0x13 }))?.split('\n') ?? [];
    expect(lines[0]).toBe('command 6 copy: srcFrame 18 ≠ 19');
    expect(lines[1]).toMatch(/^- .*s0:0x00000012000/);
    expect(lines[2]).toMatch(/^\+ .*s0:0x00000013000/);
  });

  test('in a root, a word and a length', () => {
    const first = (other: Job): string | undefined => firstDifference(JOB, other)?.split('\n')[0];
    expect(first(changed(12, { root: { ...ROOT, level: 3 } }))).toBe('command 12 access: root.level 4 ≠ 3');
    expect(first(changed(0, { entries: Uint32Array.of(0x42803, 1) }))).toBe(
      'command 0 pteWrite: entries[1] 0x00000000 ≠ 0x00000001',
    );
    expect(first(changed(18, { words: new Uint32Array(1024) }))).toBe('command 18 upload: words has 2048 words ≠ 1024');
  });

  test('of a longer job is the extra command', () => {
    const shorter = { ...JOB, commands: COMMANDS.slice(0, 18) };
    expect(firstDifference(JOB, shorter)?.split('\n')[0]).toBe('command 18: only one job has it');
    expect(firstDifference(shorter, JOB)?.split('\n')[1]).toBe('- (none)');
  });

  test('of another kind of command is its op', () => {
    const other = changed(3, { op: 'hash', frame: 4, pages: 7 });
    expect(firstDifference(JOB, other)?.split('\n')[0]).toBe('command 3 zap: op zap ≠ hash');
  });
});
