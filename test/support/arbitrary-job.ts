// fast-check arbitraries of valid jobs: every field over its whole allowed range, boundaries first.
import fc from 'fast-check';
import { UPLOAD_PATHS, type AccessKind, type Command, type WalkRoot } from '../../src/engine/plan/commands.ts';
import type { ExecutorConfig } from '../../src/engine/plan/executor.ts';
import type { Job } from '../../src/engine/plan/job.ts';

/** Big enough that frames, bases and pages need all their bits; nothing of this size is ever allocated. */
export const WIDE_CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 2 ** 32 },
    { name: 'vram0', pages: 2 ** 32 },
    { name: 'vram1', pages: 2 ** 20 },
  ],
  segmentPages: 2 ** 32,
  accessCapacity: 2 ** 31,
  faultCapacity: 64,
  tlbLines: 64,
};

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const whole = (min: number, max: number): fc.Arbitrary<number> =>
  fc.maxSafeInteger().map((n) => min + (Math.abs(n) % (max - min + 1)));
const spaceId = fc.integer({ min: 0, max: WIDE_CONFIG.spaces.length - 1 });
const wordList = (min: number, max: number, unit: number): fc.Arbitrary<Uint32Array> =>
  fc
    .integer({ min, max })
    .chain((n) => u32.map((seed) => Uint32Array.from({ length: n * unit }, (_, i) => Math.imul(seed, i + 1))));

const pagesOf = (space: number): number => WIDE_CONFIG.spaces[space]?.pages ?? 0;

/** space, frame and pages inside one space. */
const frames = fc
  .record({ space: spaceId, at: fc.double({ min: 0, max: 1, noNaN: true }), length: whole(1, 2 ** 20) })
  .map(({ space, at, length }) => {
    const frame = Math.floor(at * (pagesOf(space) - 1));
    return { space, frame, pages: Math.min(length, pagesOf(space) - frame) };
  });

/** Two places of the same length in different spaces, or in one without overlap. */
const twoPlaces = fc.record({ src: frames, dst: frames }).map(({ src, dst }) => {
  const pages = Math.min(src.pages, dst.pages);
  const apart = src.space !== dst.space || Math.abs(src.frame - dst.frame) >= pages;
  const half = Math.abs(src.frame - dst.frame);
  const length = apart ? pages : half;
  const dstSpace = length === 0 ? (src.space + 1) % 2 : dst.space;
  const dstFrame = length === 0 ? 0 : dst.frame;
  return { srcSpace: src.space, srcFrame: src.frame, dstSpace, dstFrame, pages: Math.max(1, length) };
});

const walkRoot: fc.Arbitrary<WalkRoot> = fc
  .record({ place: frames, level: fc.constantFrom(3, 4) })
  .map(({ place, level }) => ({ space: place.space, frame: place.frame, level }));

/** index and count inside one table. */
const slots = fc
  .record({ index: fc.integer({ min: 0, max: 511 }), length: fc.integer({ min: 1, max: 512 }) })
  .map(({ index, length }) => ({ index, count: Math.min(length, 512 - index) }));

const table = frames.map(({ space, frame }) => ({ space, table: frame }));
const accessKind = fc.constantFrom<AccessKind[]>(0, 1, 2);
const asid = fc.integer({ min: 0, max: 0xfffff });

const pteWrite = fc.record({ table, slots }).chain(({ table: at, slots: { index, count } }) =>
  wordList(Math.min(count, 510), Math.min(count, 510), 2).map((entries): Command => ({
    op: 'pteWrite',
    ...at,
    index,
    entries,
  })),
);
const pteFill = fc
  .record({ table, slots, lo: u32, hi: u32 })
  .map(({ table: at, slots: range, lo, hi }): Command => ({ op: 'pteFill', ...at, ...range, lo, hi }));
const zap = fc.record({ table, slots }).map(({ table: at, slots: range }): Command => ({ op: 'zap', ...at, ...range }));
const tlbInval = fc
  .record({ asid, page: whole(0, 2 ** 45 - 1), log2Pages: fc.oneof(fc.integer({ min: 0, max: 45 }), fc.constant(63)) })
  .map(({ page, ...fields }): Command => {
    const room = fields.log2Pages === 63 ? 2 ** 45 : 2 ** 45 - 2 ** fields.log2Pages + 1;
    return { op: 'tlbInval', ...fields, vpn: page % room };
  });
const copy = twoPlaces.map((fields): Command => ({ op: 'copy', ...fields }));
const copyBaseline = fc
  .tuple(twoPlaces, fc.constantFrom('linear', 'linearEntries'))
  .map(([fields, shader]): Command => ({
    op: 'copyBaseline',
    method: fields.srcSpace === fields.dstSpace ? shader : 'copyBufferToBuffer',
    ...fields,
  }));
const copyTranslated = fc
  .record({
    root: walkRoot,
    srcSpace: spaceId,
    dstSpace: spaceId,
    low: whole(0, 2 ** 45 - 1),
    gap: whole(0, 2 ** 45 - 1),
    pages: whole(1, 1000),
    up: fc.boolean(),
  })
  .map(({ root, srcSpace, dstSpace, low, gap, pages, up }): Command => {
    const room = (root.level === 3 ? 2 ** 36 : 2 ** 45) - 2 * pages;
    const first = low % (room + 1);
    const second = first + pages + (gap % (room - first + 1));
    return {
      op: 'copyTranslated',
      root,
      srcSpace,
      srcVpn: up ? first : second,
      dstSpace,
      dstVpn: up ? second : first,
      pages,
    };
  });
const fill = fc
  .record({ at: frames, pattern: u32 })
  .map(({ at, pattern }): Command => ({ op: 'fill', ...at, pattern }));
const fillSeeded = fc
  .record({ at: frames, seed: u32, pageLo: u32 })
  .map(({ at, seed, pageLo }): Command => ({ op: 'fillSeeded', ...at, seed, pageLo }));
const hash = frames.map((at): Command => ({ op: 'hash', ...at }));
const readback = frames.map((at): Command => ({ op: 'readback', ...at }));
const upload = fc
  .record({
    space: spaceId,
    frame: whole(0, 2 ** 20 - 2),
    words: wordList(1, 2, 1024),
    way: fc.constantFrom({}, ...UPLOAD_PATHS.map((via) => ({ via }))),
  })
  .map(({ way, ...fields }): Command => ({ op: 'upload', ...fields, ...way }));
const list = fc
  .record({ base: whole(0, 2 ** 31 - 1), count: whole(1, 0x10000) })
  .map(({ base, count }) => ({ base, count: Math.min(count, 2 ** 31 - base) }));
const record = fc.tuple(u32, fc.integer({ min: 0, max: 2 ** 25 - 1 }), accessKind, u32);
const accessLoad = fc
  .record({ base: whole(0, 2 ** 31 - 9), records: fc.array(record, { minLength: 1, maxLength: 8 }) })
  .map(({ base, records }): Command => ({ op: 'accessLoad', base, records: Uint32Array.from(records.flat()) }));
const access = fc
  .record({ asid, root: walkRoot, list, tlb: fc.boolean(), chained: fc.boolean() })
  .map(({ list: range, ...fields }): Command => {
    const step = { op: 'access', ...fields, ...range } as const;
    return range.base % 3 === 0 ? { ...step, translateOnly: true } : step;
  });
const accessResult = list.map((range): Command => ({ op: 'accessResult', ...range }));
const chase = fc
  .record({ space: spaceId, list, log2: fc.integer({ min: 0, max: 9 }), loads: fc.integer({ min: 1, max: 4096 }) })
  .map(({ space, list: range, log2, loads }): Command => ({
    op: 'chase',
    space,
    frame: 3,
    pages: 2 ** log2,
    ...range,
    loads,
  }));
const cpuAccess = fc
  .record({ frame: u32, word: fc.integer({ min: 0, max: 1023 }), kind: accessKind, operand: u32 })
  .map((fields): Command => ({ op: 'cpuAccess', ...fields }));

/** Any valid command under WIDE_CONFIG. */
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  pteWrite,
  pteFill,
  zap,
  tlbInval,
  copy,
  copyBaseline,
  copyTranslated,
  chase,
  fill,
  fillSeeded,
  hash,
  readback,
  upload,
  accessLoad,
  access,
  accessResult,
  cpuAccess,
);

/** Any valid job under WIDE_CONFIG. */
export const anyJob: fc.Arbitrary<Job> = fc.record({
  seq: fc.integer({ min: 1, max: 0xffffffff }),
  queue: fc.string({ minLength: 1 }),
  label: fc.string(),
  timed: fc.boolean(),
  commands: fc.array(anyCommand, { maxLength: 12 }),
});
