// The generated workloads: sweep, random and ping-pong, each a seeded endless stream over one anonymous VMA.
import { mix32 } from '../../base/mix.ts';
import { createRng, type Rng } from '../../base/rng.ts';
import { vaHi, WORDS_PER_PAGE, type Vpn } from '../../base/units.ts';
import { ACCESS_KIND, type AccessKind } from '../../engine/plan/commands.ts';
import { StepBuilder, wordLo, type Side } from './step-builder.ts';
import type { Step, VmaSpec, Workload } from './workload.ts';

export interface GeneratedOptions {
  readonly pages: number;
  /** Accesses a step. */
  readonly batch: number;
  readonly writePercent: number;
  readonly atomicPercent: number;
  /** Pages between two accesses of a sweep. */
  readonly stridePages: number;
  /** Ping-pong: share of the accesses that the CPU makes. */
  readonly cpuPercent: number;
  readonly seed: number;
}

/** A mapping address as Linux hands it out for large anonymous memory, 2 MiB aligned. */
const BASE_VPN: Vpn = 0x7f0000000;

/** Chooses the page of the next access; `index` counts accesses from 0. */
type PageOrder = (index: number, rng: Rng) => number;

/** Sequential passes over the footprint, one access a page, another word in each pass. */
export function createSweep(options: GeneratedOptions): Workload {
  const { pages, stridePages } = options;
  const perPass = Math.ceil(pages / stridePages);
  return generate('sweep', options, (index) => ((index % perPass) * stridePages) % pages, gpuOnly);
}

/** Uniformly random pages. */
export function createRandom(options: GeneratedOptions): Workload {
  return generate('random', options, (_index, rng) => rng.below(options.pages), gpuOnly);
}

/** CPU and GPU touch the same window of pages in the same step, on different words; the window moves on slowly. */
export function createPingPong(options: GeneratedOptions): Workload {
  const window = Math.min(options.pages, Math.max(1, Math.floor(options.batch / 4)));
  const rounds = options.batch * 8;
  const order: PageOrder = (index, rng) => (Math.floor(index / rounds) * window + rng.below(window)) % options.pages;
  return generate('ping-pong', options, order, (rng) => (rng.below(100) < options.cpuPercent ? 'cpu' : 'gpu'));
}

function gpuOnly(): Side {
  return 'gpu';
}

function generate(name: string, options: GeneratedOptions, order: PageOrder, side: (rng: Rng) => Side): Workload {
  const vma: VmaSpec = { name, startVpn: BASE_VPN, pages: options.pages, write: true };
  return {
    name,
    vmas: [vma],
    touchedPages: options.pages,
    totalAccesses: null,
    notes: [],
    steps: () => steps(name, options, order, side),
  };
}

function* steps(
  name: string,
  options: GeneratedOptions,
  order: PageOrder,
  sideOf: (rng: Rng) => Side,
): Generator<Step, void, void> {
  const rng = createRng(options.seed).fork(name);
  const builder = new StepBuilder(options.batch);
  for (let index = 0, step = 0; ; step++) {
    for (let n = 0; n < options.batch; index++, n++)
      pushOne(builder, options, index, order(index, rng), rng, sideOf(rng));
    const built = builder.take(`${name} ${step}`);
    if (built !== null) yield built;
  }
}

/** Words are split by kind and side, so that no step loads and stores one word: no access of these streams waits. */
function pushOne(b: StepBuilder, o: GeneratedOptions, index: number, page: number, rng: Rng, side: Side): void {
  const kind = kindOf(o, rng);
  const lane = (kind === ACCESS_KIND.read ? 0 : 1) + (side === 'cpu' ? 2 : 0);
  const word = (rng.below(WORDS_PER_PAGE / 4) * 4 + lane) % WORDS_PER_PAGE;
  const vpn = BASE_VPN + page;
  const operand = kind === ACCESS_KIND.atomic ? 1 : mix32(index + 1);
  b.push(side, wordLo(vpn, word), vaHi(vpn), kind, operand);
}

function kindOf(options: GeneratedOptions, rng: Rng): AccessKind {
  const draw = rng.below(100);
  if (draw < options.atomicPercent) return ACCESS_KIND.atomic;
  return draw < options.atomicPercent + options.writePercent ? ACCESS_KIND.write : ACCESS_KIND.read;
}
