// The host paths: bytes that really cross between host memory and the device, unlike copies between two device buffers.
import { createRng } from '../../src/base/rng.ts';
import { PAGE_SIZE, WORDS_PER_PAGE } from '../../src/base/units.ts';
import type { Command, Upload } from '../../src/engine/plan/commands.ts';
import { SPACES, type Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { judgeFrames } from '../../src/lab/measure/chunk-plan.ts';

const SIZES = [
  { name: '64K', pages: 16 },
  { name: '2M', pages: 512 },
  { name: '16M', pages: 4096 },
] as const;
/** Transfers under way at a time, and the end of the id. */
const FLIGHTS = [
  { count: 1, end: '' },
  { count: 4, end: '.x4' },
] as const;
const PATHS = [
  { name: 'upload.writeBuffer', other: 'upload.mapped', about: 'host memory to VRAM by writeBuffer' },
  { name: 'upload.mapped', other: 'upload.writeBuffer', about: 'host memory to VRAM through a ring of mapped buffers' },
  { name: 'readback.mapped', other: null, about: 'VRAM to host memory through mapped buffers' },
] as const;
type Path = (typeof PATHS)[number];
type Size = (typeof SIZES)[number];
type Flight = (typeof FLIGHTS)[number];
type Way = NonNullable<Upload['via']> | 'readback' | null;

/** What moves most at a time: the best that a path shows here. No WebGPU call tells what the bus could do. */
const BEST = { size: '16M', end: '.x4' } as const;

export const HOST_CASES: readonly BenchCase[] = [
  latencyOf('upload', 'host memory to VRAM', 'upload by writeBuffer', null),
  latencyOf('readback', 'VRAM to host memory', 'readback through mapped buffers', 'readback'),
  ...PATHS.flatMap((path) => SIZES.flatMap((size) => FLIGHTS.map((flight) => rateOf(path, size, flight)))),
];

function latencyOf(name: 'upload' | 'readback', what: string, how: string, way: Way): BenchCase {
  const bytes = SIZES[1].pages * PAGE_SIZE;
  return {
    id: `host.${name}.2M`,
    about: `${what}, 2M at a time, each waited for`,
    unit: 'ns',
    measure: 'latency',
    convention: `wall time of one 2 MiB ${how}; ${bytes} payload bytes`,
    peer: null,
    limit: null,
    tier: 'core',
    group: `host.${name}`,
    prepare: (arena) => prepareTransfer(arena, SIZES[1].pages, way, 1),
  };
}

function rateOf(path: Path, size: Size, flight: Flight): BenchCase {
  const best = size.name === BEST.size && flight.end === BEST.end;
  const way = path.name === 'readback.mapped' ? 'readback' : path.name === 'upload.mapped' ? 'mapped' : 'writeBuffer';
  return {
    id: `host.${path.name}.${size.name}${flight.end}`,
    about: `${path.about}, ${size.name} at a time, ${flight.count === 1 ? 'each waited for' : 'four under way'}`,
    unit: 'B/s',
    measure: 'throughput',
    convention: 'payload bytes that crossed a second of wall time, submission and waiting included',
    peer: peerOf(path, size, flight),
    limit: best ? null : `host.${path.name}.${BEST.size}${BEST.end}`,
    tier: size.name === '2M' && flight.count === 1 ? 'core' : 'more',
    group: way === 'readback' ? 'host.readback' : 'host.upload',
    prepare: (arena) => prepareTransfer(arena, size.pages, way, flight.count),
  };
}

/** Of an upload the other path; of several readbacks under way one alone. */
function peerOf({ name, other }: Path, size: Size, flight: Flight): string | null {
  if (other !== null) return `host.${other}.${size.name}${flight.end}`;
  return flight.count === 1 ? null : `host.${name}.${size.name}`;
}

/** `way` null: as the engine chooses. A small arena makes the largest sizes smaller. */
function prepareTransfer(arena: Arena, wanted: number, way: Way, inFlight: number): PreparedCase {
  const pages = Math.min(wanted, arena.size.dataPages);
  const words = randomWords(arena.seed, pages);
  const via = way === null || way === 'readback' ? {} : { via: way };
  const upload: Command = { op: 'upload', space: SPACES.vram, frame: 0, words, ...via };
  const read: Command = { op: 'readback', space: SPACES.vram, frame: 0, pages };
  const timed = way === 'readback' ? read : upload;
  return {
    setup: way === 'readback' ? [upload] : [],
    maxOps: Math.max(64, (1024 * 16) / pages),
    inFlight,
    amountPerOp: pages * PAGE_SIZE,
    region: () => ({ before: [], timed: [timed] }),
    check: {
      commands: [arena.poison(SPACES.vram), upload, read],
      judge: (completion) => judgeFrames(completion, framesOf(words)),
    },
    params: { chunkBytes: pages * PAGE_SIZE, inFlight },
  };
}

function framesOf(words: Uint32Array): Uint32Array[] {
  return Array.from({ length: words.length / WORDS_PER_PAGE }, (_, i) =>
    words.subarray(i * WORDS_PER_PAGE, (i + 1) * WORDS_PER_PAGE),
  );
}

function randomWords(seed: number, pages: number): Uint32Array {
  const rng = createRng(seed).fork('host');
  return Uint32Array.from({ length: pages * WORDS_PER_PAGE }, () => rng.u32());
}
