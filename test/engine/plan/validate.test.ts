// The validator: for each field of each command both sides of each boundary, with a valid control beside it.
import { describe, expect, test } from 'vitest';
import { OPCODE, type Command } from '../../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import type { Job } from '../../../src/engine/plan/job.ts';
import { validateConfig, validateJob } from '../../../src/engine/plan/validate.ts';

const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 10 },
    { name: 'vram0', pages: 20 },
  ],
  accessCapacity: 100,
  faultCapacity: 8,
  tlbLines: 16,
};
const ROOT = { space: 1, frame: 19, level: 4 };

const CONTROL = {
  pteWrite: { op: 'pteWrite', space: 1, table: 19, index: 2, entries: new Uint32Array(1020) },
  pteFill: { op: 'pteFill', space: 1, table: 0, index: 0, count: 512, lo: 0xffffffff, hi: 0 },
  zap: { op: 'zap', space: 0, table: 9, index: 511, count: 1 },
  tlbInval: { op: 'tlbInval', asid: 0xfffff, vpn: 2 ** 45 - 8, log2Pages: 3 },
  copy: { op: 'copy', srcSpace: 1, srcFrame: 10, dstSpace: 1, dstFrame: 0, pages: 10 },
  copyTranslated: { op: 'copyTranslated', root: ROOT, srcSpace: 0, srcVpn: 0, dstSpace: 1, dstVpn: 5, pages: 5 },
  copyBaseline: { op: 'copyBaseline', method: 'linear', srcSpace: 0, srcFrame: 0, dstSpace: 0, dstFrame: 5, pages: 5 },
  fill: { op: 'fill', space: 0, frame: 0, pages: 10, pattern: 0 },
  fillSeeded: { op: 'fillSeeded', space: 1, frame: 19, pages: 1, seed: 0, pageLo: 0xffffffff },
  accessLoad: { op: 'accessLoad', base: 98, records: Uint32Array.of(0, 2 ** 25 - 1, 2, 0, 0, 0, 0, 0) },
  access: { op: 'access', asid: 0, root: ROOT, base: 0, count: 100, tlb: false, chained: true },
  accessResult: { op: 'accessResult', base: 99, count: 1 },
  chase: { op: 'chase', space: 1, frame: 4, pages: 16, base: 0, count: 100, loads: 4096 },
  cpuAccess: { op: 'cpuAccess', frame: 9, word: 1023, kind: 2, operand: 0xffffffff },
  hash: { op: 'hash', space: 1, frame: 0, pages: 20 },
  upload: { op: 'upload', space: 0, frame: 8, words: new Uint32Array(2048) },
  readback: { op: 'readback', space: 1, frame: 18, pages: 2 },
} as const satisfies Record<string, Command>;

type Op = keyof typeof CONTROL;

function job(commands: readonly Command[]): Job {
  return { seq: 1, queue: 'q', label: '', commands, timed: false };
}

function check(command: Command): string | null {
  return validateJob(job([command]), CONFIG);
}

const WORD_GAP = new Uint32Array(1023);

/** [op, changed fields, what the message must say]. */
const BAD: readonly (readonly [Op, object, string])[] = [
  ['pteWrite', { space: 2 }, 'space is 2, allowed 0…1'],
  ['pteWrite', { space: -1 }, 'space is -1, allowed 0…1'],
  ['pteWrite', { table: 20 }, 'table is 20, allowed 0…19'],
  ['pteWrite', { entries: new Uint32Array(1022), index: 0 }, 'entries / 2 is 511, allowed 1…510'],
  ['pteWrite', { entries: new Uint32Array(0) }, 'entries / 2 is 0, allowed 1…510'],
  ['pteWrite', { entries: new Uint32Array(3) }, 'entries has 3 words, wanted a multiple of 2'],
  ['pteWrite', { entries: [1, 2] }, 'entries is no Uint32Array'],
  ['pteWrite', { index: 3 }, 'count is 510, allowed 1…509'],
  ['pteFill', { index: 1 }, 'count is 512, allowed 1…511'],
  ['pteFill', { count: 0 }, 'count is 0, allowed 1…512'],
  ['pteFill', { lo: 2 ** 32 }, 'lo is 4294967296, allowed 0…4294967295'],
  ['pteFill', { hi: -1 }, 'hi is -1, allowed 0…4294967295'],
  ['zap', { index: 512 }, 'index is 512, allowed 0…511'],
  ['zap', { table: 10 }, 'table is 10, allowed 0…9'],
  ['tlbInval', { asid: 0x100000 }, 'asid is 1048576, allowed 0…1048575'],
  ['tlbInval', { vpn: 2 ** 45 - 7 }, 'vpn is 35184372088825, allowed 0…35184372088824'],
  ['tlbInval', { vpn: 1, log2Pages: 45 }, 'vpn is 1, allowed 0…0'],
  ['tlbInval', { vpn: 2 ** 45, log2Pages: 63 }, 'vpn is 35184372088832, allowed 0…35184372088831'],
  ['tlbInval', { log2Pages: 46 }, 'log2Pages is 46, allowed 0…45 or 63'],
  ['tlbInval', { log2Pages: 62 }, 'log2Pages is 62, allowed 0…45 or 63'],
  ['copy', { pages: 11 }, 'pages is 11, allowed 1…10'],
  ['copy', { pages: 0 }, 'pages is 0, allowed 1…10'],
  ['copy', { pages: 1.5 }, 'pages is 1.5, allowed 1…10'],
  ['copy', { dstFrame: 1 }, 'dstFrame is 1, allowed none that overlaps 10 pages from srcFrame 10 in space 1'],
  ['copy', { srcFrame: 20 }, 'srcFrame is 20, allowed 0…19'],
  ['copy', { dstFrame: NaN }, 'dstFrame is NaN, allowed 0…19'],
  ['copy', { srcSpace: 2 }, 'srcSpace is 2, allowed 0…1'],
  ['copyTranslated', { root: { ...ROOT, space: 2 } }, 'root.space is 2, allowed 0…1'],
  ['copyTranslated', { root: { ...ROOT, frame: 20 } }, 'root.frame is 20, allowed 0…19'],
  ['copyTranslated', { root: { ...ROOT, level: 2 } }, 'root.level is 2, allowed 3…4'],
  ['copyTranslated', { root: { ...ROOT, level: 5 } }, 'root.level is 5, allowed 3…4'],
  ['copyTranslated', { dstVpn: 4 }, 'dstVpn is 4, allowed none that overlaps 5 pages from srcVpn 0'],
  ['copyTranslated', { srcVpn: 2 ** 45 - 4 }, 'srcVpn is 35184372088828, allowed 0…35184372088827'],
  ['copyTranslated', { root: { ...ROOT, level: 3 }, dstVpn: 2 ** 36 - 4 }, 'dstVpn is 68719476732'],
  ['copyTranslated', { dstSpace: 2 }, 'dstSpace is 2, allowed 0…1'],
  ['copyTranslated', { pages: 0 }, 'pages is 0, allowed 1…20'],
  ['copyTranslated', { pages: 21, dstVpn: 100 }, 'pages is 21, allowed 1…20'],
  ['copyBaseline', { method: 'fast' }, 'method is "fast", allowed "copyBufferToBuffer", "linear", "linearEntries"'],
  ['copyBaseline', { method: 'copyBufferToBuffer' }, 'copyBufferToBuffer refuses one buffer on both sides'],
  ['copyBaseline', { dstFrame: 4 }, 'dstFrame is 4, allowed none that overlaps 5 pages'],
  ['chase', { pages: 12 }, 'pages is 12, wanted a power of two'],
  ['chase', { frame: 5 }, 'pages is 16, allowed 1…15'],
  ['chase', { loads: 4097 }, 'loads is 4097, allowed 1…4096'],
  ['chase', { base: 1 }, 'count is 100, allowed 1…99'],
  ['fill', { frame: 1 }, 'pages is 10, allowed 1…9'],
  ['fill', { pattern: -1 }, 'pattern is -1, allowed 0…4294967295'],
  ['fillSeeded', { seed: 0.5 }, 'seed is 0.5, allowed 0…4294967295'],
  ['fillSeeded', { pageLo: 2 ** 32 }, 'pageLo is 4294967296, allowed 0…4294967295'],
  ['accessLoad', { base: 99 }, 'base is 99, allowed 0…98'],
  ['accessLoad', { records: new Uint32Array(0) }, 'records / 4 is 0, allowed 1…100'],
  ['accessLoad', { records: new Uint32Array(6) }, 'records has 6 words, wanted a multiple of 4'],
  ['accessLoad', { records: Uint32Array.of(0, 2 ** 25, 0, 0) }, 'address hi of record 0 is 33554432'],
  ['accessLoad', { records: Uint32Array.of(0, 0, 0, 0, 0, 0, 3, 0) }, 'kind of record 1 is 3, allowed 0…2'],
  ['access', { count: 101 }, 'count is 101, allowed 1…100'],
  ['access', { count: 0 }, 'count is 0, allowed 1…100'],
  ['access', { base: 100 }, 'base is 100, allowed 0…99'],
  ['access', { base: 1 }, 'count is 100, allowed 1…99'],
  ['access', { tlb: 1 }, 'tlb is 1, wanted true or false'],
  ['access', { chained: undefined }, 'chained is undefined, wanted true or false'],
  ['access', { asid: -1 }, 'asid is -1, allowed 0…1048575'],
  ['accessResult', { count: 2 }, 'count is 2, allowed 1…1'],
  ['cpuAccess', { frame: 10 }, 'frame is 10, allowed 0…9'],
  ['cpuAccess', { word: 1024 }, 'word is 1024, allowed 0…1023'],
  ['cpuAccess', { kind: 3 }, 'kind is 3, allowed 0…2'],
  ['cpuAccess', { operand: 2 ** 32 }, 'operand is 4294967296'],
  ['hash', { pages: 21 }, 'pages is 21, allowed 1…20'],
  ['upload', { frame: 9 }, 'pages is 2, allowed 1…1'],
  ['upload', { words: WORD_GAP }, 'words has 1023 words, wanted a multiple of 1024'],
  ['upload', { via: 'dma' }, 'via is "dma", allowed "writeBuffer", "mapped"'],
  ['readback', { pages: 3 }, 'pages is 3, allowed 1…2'],
  ['readback', { space: 'vram0' }, 'space is "vram0", allowed 0…1'],
];

describe('commands at their limits are valid', () => {
  test.each(Object.values(CONTROL))('$op', (command) => {
    expect(check(command)).toBeNull();
  });

  test('every command has a control', () => {
    expect(Object.keys(CONTROL).sort()).toEqual(Object.keys(OPCODE).sort());
  });

  test('every command has a bad case', () => {
    expect([...new Set(BAD.map(([op]) => op))].sort()).toEqual(Object.keys(OPCODE).sort());
  });

  test('TLB_INVAL of everything, and one buffer-to-buffer copy across spaces', () => {
    expect(check({ ...CONTROL.tlbInval, vpn: 2 ** 45 - 1, log2Pages: 63 })).toBeNull();
    expect(check({ ...CONTROL.tlbInval, vpn: 0, log2Pages: 45 })).toBeNull();
    expect(check({ ...CONTROL.copyBaseline, method: 'copyBufferToBuffer', dstSpace: 1 })).toBeNull();
  });

  test('one ACCESS takes 65,536 accesses, not one more', () => {
    const wide = { ...CONFIG, accessCapacity: 70_000 };
    const access = { ...CONTROL.access, count: 65_536 };
    expect(validateJob(job([access]), wide)).toBeNull();
    expect(validateJob(job([{ ...access, count: 65_537 }]), wide)).toContain('count is 65537, allowed 1…65536');
  });
});

describe('one step past a limit is refused, with what was given and what is allowed', () => {
  test.each(BAD)('%s %j', (op, change, message) => {
    const command = { ...CONTROL[op], ...change } as Command;
    expect(check(command)).toContain(`job 1, command 0 ${op}: `);
    expect(check(command)).toContain(message);
  });

  test('the message names the first bad command', () => {
    const bad = { ...CONTROL.hash, pages: 0 };
    expect(validateJob(job([CONTROL.fill, bad, bad]), CONFIG)).toBe('job 1, command 1 hash: pages is 0, allowed 1…20');
  });

  test('an op that nobody knows', () => {
    expect(check({ op: 'jump' } as unknown as Command)).toContain('command 0 jump: unknown op, known are pteWrite');
  });
});

describe('a space whose bytes the host has', () => {
  const [system, vram] = CONFIG.spaces;
  const held = { ...CONFIG, spaces: [{ ...system, host: true }, vram] } as ExecutorConfig;
  const refused = (command: Command): string | null => validateJob(job([command]), held);
  const inSystem = { ...ROOT, space: 0, frame: 0 };
  const touching: readonly Command[] = [
    CONTROL.zap,
    { ...CONTROL.pteWrite, space: 0, table: 0 },
    { ...CONTROL.pteFill, space: 0 },
    { ...CONTROL.copy, srcSpace: 0, srcFrame: 0 },
    { ...CONTROL.copy, dstSpace: 0 },
    CONTROL.copyTranslated,
    { ...CONTROL.copyTranslated, srcSpace: 1, dstSpace: 0 },
    { ...CONTROL.copyTranslated, srcSpace: 1, root: inSystem },
    CONTROL.copyBaseline,
    CONTROL.fill,
    { ...CONTROL.fillSeeded, space: 0, frame: 0 },
    { ...CONTROL.access, root: inSystem },
    { ...CONTROL.chase, space: 0, frame: 0, pages: 8 },
    CONTROL.cpuAccess,
    { ...CONTROL.hash, space: 0, pages: 1 },
    CONTROL.upload,
    { ...CONTROL.readback, space: 0, frame: 0 },
  ];

  test.each(touching)('$op is refused, and valid where the executor has the bytes (control)', (command) => {
    expect(refused(command)).toMatch(/pace is 0, allowed a space whose bytes are not the host's$/);
    expect(check(command)).toBeNull();
  });

  test('every command that can name system memory is among them', () => {
    const free = ['tlbInval', 'accessLoad', 'accessResult'];
    expect([...new Set(touching.map(({ op }) => op as string)), ...free].sort()).toEqual(Object.keys(OPCODE).sort());
  });

  test('commands elsewhere are valid (control)', () => {
    for (const command of [CONTROL.pteWrite, CONTROL.copy, CONTROL.access, CONTROL.accessLoad, CONTROL.hash])
      expect(refused(command)).toBeNull();
  });
});

describe('the header of a job', () => {
  test.each([
    [{ seq: 0 }, 'seq is 0, allowed 1…4294967295'],
    [{ seq: 1.5 }, 'seq is 1.5'],
    [{ seq: 2 ** 32 }, 'seq is 4294967296'],
    [{ queue: '' }, 'queue is "", wanted a name'],
    [{ label: 5 }, 'label is 5, wanted text'],
    [{ timed: undefined }, 'timed is undefined, wanted true or false'],
  ])('%j is refused', (change, message) => {
    expect(validateJob({ ...job([]), ...change } as Job, CONFIG)).toContain(message);
  });

  test('is fine otherwise (control)', () => {
    expect(validateJob({ ...job([]), seq: 0xffffffff, timed: true }, CONFIG)).toBeNull();
  });
});

describe('a configuration', () => {
  test('in order is valid (control)', () => {
    expect(validateConfig(CONFIG)).toBeNull();
    expect(validateConfig({ ...CONFIG, accessCapacity: 0, faultCapacity: 0, tlbLines: 0 })).toBeNull();
  });

  test.each([
    [{ spaces: [] }, 'number of spaces is 0, allowed 1…256'],
    [{ spaces: [{ name: 'system', pages: 0 }] }, 'pages of space "system" is 0'],
    [{ accessCapacity: -1 }, 'accessCapacity is -1'],
    [{ faultCapacity: 0.5 }, 'faultCapacity is 0.5'],
    [
      {
        spaces: [
          { name: 'system', pages: 1 },
          { name: 'vram0', pages: 1, host: true as const },
        ],
      },
      'host of space "vram0" is true',
    ],
    [{ tlbLines: 12 }, 'tlbLines is 12, wanted 0 or a power of two'],
  ])('%j is refused', (change, message) => {
    expect(validateConfig({ ...CONFIG, ...change })).toContain(message);
  });
});
