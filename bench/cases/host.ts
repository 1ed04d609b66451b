// The host paths: bytes that really cross between host memory and the device, unlike copies between two device buffers.
import { createRng } from '../../src/base/rng.ts';
import { PAGE_SIZE, WORDS_PER_PAGE } from '../../src/base/units.ts';
import type { Command } from '../../src/engine/plan/commands.ts';
import { SPACES, type Arena } from '../../src/lab/measure/arena.ts';
import type { BenchCase, PreparedCase } from '../../src/lab/measure/bench-case.ts';
import { judgeFrames } from '../../src/lab/measure/chunk-plan.ts';

const PAGES = 512;
const BYTES = PAGES * PAGE_SIZE;
export const HOST_CASES: readonly BenchCase[] = [
  {
    id: 'host.upload.2M',
    about: 'host memory to VRAM, 2M at a time, each waited for',
    unit: 'ns',
    measure: 'latency',
    convention: `wall time of one 2 MiB upload (writeBuffer or mapped staging, as the engine does it); ${BYTES} payload bytes`,
    peer: null,
    limit: null,
    group: 'host',
    prepare: prepareUpload,
  },
  {
    id: 'host.readback.2M',
    about: 'VRAM to host memory, 2M at a time, each waited for',
    unit: 'ns',
    measure: 'latency',
    convention: `wall time of one 2 MiB readback (mapped staging); ${BYTES} payload bytes`,
    peer: null,
    limit: null,
    group: 'host',
    prepare: prepareReadback,
  },
];

function prepareUpload(arena: Arena): PreparedCase {
  const words = randomWords(arena.seed);
  const upload: Command = { op: 'upload', space: SPACES.vram, frame: 0, words };
  return transfer([], upload, [arena.poison(SPACES.vram), upload, READ], words);
}

function prepareReadback(arena: Arena): PreparedCase {
  const words = randomWords(arena.seed);
  const upload: Command = { op: 'upload', space: SPACES.vram, frame: 0, words };
  return transfer([upload], READ, [arena.poison(SPACES.vram), upload, READ], words);
}

const READ: Command = { op: 'readback', space: SPACES.vram, frame: 0, pages: PAGES };

function transfer(setup: Command[], timed: Command, commands: Command[], words: Uint32Array): PreparedCase {
  const expected = Array.from({ length: PAGES }, (_, i) =>
    words.subarray(i * WORDS_PER_PAGE, (i + 1) * WORDS_PER_PAGE),
  );
  return {
    setup,
    maxOps: 1024,
    amountPerOp: BYTES,
    region: () => ({ before: [], timed: [timed] }),
    check: { commands, judge: (completion) => judgeFrames(completion, expected) },
    params: { chunkBytes: BYTES },
  };
}

function randomWords(seed: number): Uint32Array {
  const rng = createRng(seed).fork('host');
  return Uint32Array.from({ length: PAGES * WORDS_PER_PAGE }, () => rng.u32());
}
