import { describe, expect, it } from 'vitest';
import { chunkWarning, DEFAULT_SCENARIO, parseScenario } from '../../../src/lab/session/scenario.ts';
import {
  fieldAt,
  fromText,
  getField,
  scenarioFields,
  setField,
  toText,
  withTexts,
} from '../../../src/lab/session/scenario-fields.ts';
import {
  formatSize,
  isChunkLadder,
  parseChunks,
  parseSize,
  parseVram,
} from '../../../src/lab/session/scenario-sizes.ts';

const PAGES = 'a positive multiple of 4096 bytes such as 64M';
const LADDER = 'descending powers of two from 512M to 4K such as 2M,64K,4K';
const VRAM = 'a multiple of 4096 bytes such as 64M, or a percentage above 0 up to 1000 such as 50%';

/** Path, what is wrong, the whole message; then a value of the same field that is right. */
const BAD: readonly (readonly [path: string, bad: unknown, message: string, good: unknown])[] = [
  ['machine.vram', '5000', `machine.vram is "5000", allowed: ${VRAM}`, '8192'],
  ['machine.vram', '-1%', `machine.vram is "-1%", allowed: ${VRAM}`, '1%'],
  ['machine.vram', '0%', `machine.vram is "0%", allowed: ${VRAM}`, '0.5%'],
  ['machine.vram', 64, `machine.vram is 64, allowed: ${VRAM}`, '64M'],
  ['machine.systemMemory', 4097, `machine.systemMemory is 4097, allowed: ${PAGES}, or "enough"`, null],
  ['workload.name', 'sweeep', 'workload.name is "sweeep", allowed: sweep, random, ping-pong, trace', 'random'],
  ['workload.footprintBytes', 1000, `workload.footprintBytes is 1000, allowed: ${PAGES}`, 4096],
  ['workload.footprintBytes', 0, `workload.footprintBytes is 0, allowed: ${PAGES}`, 8192],
  ['workload.batch', 65537, 'workload.batch is 65537, allowed: a whole number from 1 to 65536', 65536],
  ['workload.batch', 0, 'workload.batch is 0, allowed: a whole number from 1 to 65536', 1],
  ['workload.writePercent', 12.5, 'workload.writePercent is 12.5, allowed: a whole number from 0 to 100', 12],
  ['workload.atomicPercent', 51, 'workload.atomicPercent is 51, allowed: at most 50 beside writes of 50 %', 50],
  ['migration.chunks', [4096, 65536], `migration.chunks is "4K,64K", allowed: ${LADDER}`, [65536, 4096]],
  ['migration.chunks', [12288, 4096], `migration.chunks is "12K,4K", allowed: ${LADDER}`, [16384, 4096]],
  ['migration.chunks', [65536, 65536], `migration.chunks is "64K,64K", allowed: ${LADDER}`, [65536]],
  ['migration.chunks', [4096, 2048], `migration.chunks is "4K,2K", allowed: ${LADDER}`, [4096]],
  ['migration.chunks', [], `migration.chunks is [], allowed: ${LADDER}`, [2 ** 29, 4096]],
  ['migration.chunks', ['2M'], `migration.chunks is ["2M"], allowed: ${LADDER}`, [2097152, 65536, 4096]],
  [
    'migration.timeslice.overrideMs',
    -1,
    'migration.timeslice.overrideMs is -1, allowed: a number from 0 to 86400000, or "driver"',
    0,
  ],
  [
    'migration.timeslice.deviceOnlyMs',
    -5,
    'migration.timeslice.deviceOnlyMs is -5, allowed: a number from 0 to 86400000',
    2.5,
  ],
  ['engine.tlbLines', 100, 'engine.tlbLines is 100, allowed: 0 or a power of two up to 16777216', 128],
  ['engine.adapter', 'gpu', 'engine.adapter is "gpu", allowed: auto, hardware, software, twin', 'twin'],
  ['run.systemPages', 'gpu', 'run.systemPages is "gpu", allowed: device, host', 'device'],
  ['engine.uploadPath', 'dma', 'engine.uploadPath is "dma", allowed: writeBuffer, mapped', 'mapped'],
  ['run.seed', -1, 'run.seed is -1, allowed: a whole number from 0 to 4294967295', 4294967295],
  ['run.maxSteps', 0, 'run.maxSteps is 0, allowed: a whole number from 1 to 9007199254740991, or "all"', null],
  ['run.verify', 'yes', 'run.verify is "yes", allowed: true or false', false],
  [
    'run.steps',
    3,
    'run.steps is no field of a scenario, allowed: clock, systemPages, seed, pace, verify, maxSteps',
    undefined,
  ],
];

describe('parseScenario', () => {
  it('gives the defaults for nothing at all', () => {
    expect(parseScenario({})).toEqual({ ok: true, scenario: DEFAULT_SCENARIO });
    expect(DEFAULT_SCENARIO.migration).toEqual({
      chunks: [2097152, 65536, 4096],
      timeslice: { deviceOnlyMs: 5, overrideMs: null },
      minMigrateBytes: 4096,
    });
  });

  it.each(BAD)('%s = %j: one line, and a neighbour that is fine', (path, bad, message, good) => {
    const refused = setField(DEFAULT_SCENARIO, path, bad);
    expect(refused).toMatchObject({ ok: false, field: path, message });
    if (good !== undefined) expect(setField(DEFAULT_SCENARIO, path, good)).toMatchObject({ ok: true });
  });

  it('wants a fault ring for a whole batch under the model clock only', () => {
    const small = { engine: { faultCapacity: 1023 }, workload: { batch: 1024 } };
    expect(parseScenario({ ...small, run: { clock: 'live' } })).toMatchObject({ ok: true });
    expect(parseScenario({ ...small, run: { clock: 'model' } })).toMatchObject({
      message: 'engine.faultCapacity is 1023, allowed: at least workload.batch (1024) with the model clock',
    });
  });

  it.each([null, 3, 'x'])('refuses %j as a whole', (input) => {
    const groups = 'machine, workload, migration, policy, engine, run';
    const given = JSON.stringify(input);
    expect(parseScenario(input)).toMatchObject({
      message: `scenario is ${given}, allowed: an object with ${groups}`,
    });
  });

  it('allows a ladder without 4K, with a warning', () => {
    const result = setField(DEFAULT_SCENARIO, 'migration.chunks', [2097152]);
    expect(result.ok && chunkWarning(result.scenario)).toBe(
      'the chunk ladder 2M lacks 4K: faults that only a single page can serve will fail',
    );
    expect(chunkWarning(DEFAULT_SCENARIO)).toBeNull();
  });
});

describe('fields', () => {
  it('have unique keys, help that ends a sentence, and a default that they accept as text', () => {
    const fields = scenarioFields();
    expect(new Set(fields.map((field) => field.key)).size).toBe(fields.length);
    for (const field of fields) {
      expect(field.help, field.path).toMatch(/\.$/);
      expect(fromText(field, toText(field, field.defaultValue)), field.path).toEqual(field.defaultValue);
    }
  });

  it('name those that may change while a run goes on', () => {
    const live = scenarioFields().filter((field) => field.live);
    expect(live.map((field) => field.path)).toEqual([
      'migration.chunks',
      'migration.timeslice.deviceOnlyMs',
      'migration.timeslice.overrideMs',
      'migration.minMigrateBytes',
      'engine.wait',
      'run.pace',
    ]);
  });

  it('are set without touching the original', () => {
    const before = structuredClone(DEFAULT_SCENARIO);
    const result = setField(DEFAULT_SCENARIO, 'migration.timeslice.overrideMs', 7);
    expect(result.ok && getField(result.scenario, 'migration.timeslice.overrideMs')).toBe(7);
    expect(DEFAULT_SCENARIO).toEqual(before);
    expect(() => getField(DEFAULT_SCENARIO, 'migration.slice')).toThrow('migration.slice is no field');
  });

  it('are judged together, whatever their order', () => {
    const atomics = fieldAt('workload.atomicPercent');
    const writes = fieldAt('workload.writePercent');
    if (atomics === undefined || writes === undefined) throw new Error('fields are gone');
    expect(
      withTexts(DEFAULT_SCENARIO, [
        [atomics, '90'],
        [writes, '10'],
      ]),
    ).toMatchObject({ ok: true });
    expect(
      withTexts(DEFAULT_SCENARIO, [
        [atomics, '90'],
        [writes, '11'],
      ]),
    ).toMatchObject({ ok: false });
  });
});

describe('sizes', () => {
  it.each([
    ['4096', 4096],
    ['64K', 65536],
    ['64k', 65536],
    ['2M', 2097152],
    ['2MiB', 2097152],
    ['1.5G', 1610612736],
    ['0', 0],
    ['0.3', null],
    ['-4K', null],
    ['2MB', null],
    ['', null],
    ['M', null],
    ['1e6', null],
    ['99999999999G', null],
  ])('%j is %s', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it('print as the shortest exact text', () => {
    expect([0, 5, 4096, 1536 * 1024, 2 ** 30].map(formatSize)).toEqual(['0', '5', '4K', '1536K', '1G']);
  });

  it('of VRAM are pages or percent', () => {
    expect(parseVram(' 50 % ')).toEqual({ kind: 'percent', percent: 50 });
    expect(parseVram('1000%')).toEqual({ kind: 'percent', percent: 1000 });
    expect(parseVram('1001%')).toBeNull();
    expect(parseVram('64M')).toEqual({ kind: 'bytes', bytes: 67108864 });
    expect(parseVram('64M%')).toBeNull();
  });

  it('of chunks parse apart from being a ladder', () => {
    expect(parseChunks('2M,64K,4K')).toEqual([2097152, 65536, 4096]);
    expect(parseChunks('2M, 4K')).toEqual([2097152, 4096]);
    expect(parseChunks('2M,,4K')).toBeNull();
    expect(isChunkLadder([2 ** 29])).toBe(true);
    expect(isChunkLadder([2 ** 30])).toBe(false);
  });
});
