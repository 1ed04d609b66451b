// Builds what the page shows: page states, ranges, blocks and rates of a run, as arrays that can be transferred.
import { present } from '../../base/assert.ts';
import { NS_PER_US } from '../../base/units.ts';
import { pagesValid } from '../../model/svm/pages.ts';
import { rangesIn } from '../../model/svm/find.ts';
import { PTE_KIND, pteKind, ptePfn } from '../../model/mm/page-table.ts';
import { PHASES, type Recorder, type Totals } from '../measure/recorder.ts';
import type { Machine } from './machine.ts';
import type { PageIndex } from './page-index.ts';
import { BLOCK_KIND, PAGE_STATE, type PhaseView, type RatesView, type Snapshot } from './protocol.ts';
import type { SpanLog } from './span-log.ts';

const NO_FRAME = 0xffffffff;

export interface SnapshotSources {
  readonly machine: Machine;
  readonly pages: PageIndex;
  readonly recorder: Recorder;
  readonly spans: SpanLog;
  /** Accesses performed so far. */
  readonly accesses: () => number;
  readonly counters: () => Record<string, number>;
}

/** Takes snapshots of one run; rates are over the time since the one before. */
export class Snapshots {
  private readonly from: SnapshotSources;
  private index = 0;
  private lastMs: number | null = null;
  private lastTotals: Totals;
  private lastAccesses = 0;

  constructor(from: SnapshotSources) {
    this.from = from;
    this.lastTotals = { ...from.recorder.totals };
  }

  /** `wallMs` is monotonic; `marks` are labels of live changes since the last snapshot. */
  take(nowNs: number, wallMs: number, marks: readonly string[]): Snapshot {
    const { machine, pages, recorder, spans } = this.from;
    const { pageState, pageFrame, resident } = pageArrays(machine, pages);
    const news = spans.take();
    const snapshot: Snapshot = {
      index: this.index,
      nowNs,
      vmas: this.index === 0 ? pages.views : null,
      pageState,
      pageFrame,
      ranges: rangeTriples(machine, pages),
      notifiers: notifierPairs(machine, pages),
      vramBlocks: blockQuads(machine),
      spans: news.spans,
      spansDropped: news.dropped,
      counters: this.from.counters(),
      rates: this.rates(wallMs, resident),
      phases: phaseViews(recorder),
      log: news.lines,
      jobsInFlight: machine.world.jobs.inFlight,
      tasks: machine.world.sched.alive,
      marks,
    };
    this.index++;
    recorder.startWindow();
    return snapshot;
  }

  private rates(wallMs: number, residentPages: number): RatesView {
    const { recorder, pages } = this.from;
    const { totals } = recorder;
    const before = this.lastTotals;
    const accesses = this.from.accesses();
    const rates: RatesView = {
      seconds: (wallMs - (this.lastMs ?? wallMs)) / 1000,
      upBytes: totals.bytesToVram - before.bytesToVram,
      downBytes: totals.bytesToRam - before.bytesToRam,
      faults: totals.faults - before.faults,
      migrations: totals.migrations - before.migrations,
      evictions: totals.evictions - before.evictions,
      accesses: accesses - this.lastAccesses,
      residentPages,
      totalPages: pages.total,
    };
    this.lastMs = wallMs;
    this.lastTotals = { ...totals };
    this.lastAccesses = accesses;
    return rates;
  }
}

function pageArrays(
  machine: Machine,
  pages: PageIndex,
): { pageState: Uint8Array; pageFrame: Uint32Array; resident: number } {
  const pageState = new Uint8Array(pages.total);
  const pageFrame = new Uint32Array(pages.total).fill(NO_FRAME);
  const store = machine.world.pages;
  let resident = 0;
  for (const view of pages.views) {
    for (let i = 0; i < view.pages; i++) {
      const word = machine.mm.table.get(view.startVpn + i);
      const state = stateOf(machine, word);
      pageState[view.firstPage + i] = state;
      if (state === PAGE_STATE.none || state === PAGE_STATE.zero) continue;
      pageFrame[view.firstPage + i] = store.frameOf(ptePfn(word));
      if (state === PAGE_STATE.vram) resident++;
    }
  }
  markFaulting(machine, pages, pageState);
  return { pageState, pageFrame, resident };
}

/** A page whose fault waits and that is not on its way yet. Those in VRAM were brought there by an earlier fault. */
function markFaulting(machine: Machine, pages: PageIndex, pageState: Uint8Array): void {
  for (const vpn of machine.faulting) {
    const page = pages.of(vpn);
    if (page >= 0 && (pageState[page] as number) <= PAGE_STATE.system) pageState[page] = PAGE_STATE.faulting;
  }
}

/** A migrating entry still holds the frame that the page leaves: that tells the direction. */
function stateOf(machine: Machine, word: number): number {
  switch (pteKind(word)) {
    case PTE_KIND.present:
      return PAGE_STATE.system;
    case PTE_KIND.devPrivate:
      return PAGE_STATE.vram;
    case PTE_KIND.zero:
      return PAGE_STATE.zero;
    case PTE_KIND.migrating:
      return machine.world.pages.isDevice(ptePfn(word)) ? PAGE_STATE.toRam : PAGE_STATE.toVram;
    default:
      return PAGE_STATE.none;
  }
}

function rangeTriples(machine: Machine, pages: PageIndex): Uint32Array {
  const words: number[] = [];
  for (const range of rangesIn(machine.vm.svm, 0, Number.MAX_SAFE_INTEGER)) {
    const clipped = pages.clip(range.startVpn, range.endVpn);
    if (clipped === null) continue;
    const bound = (range.tilePresent & ~range.tileInvalidated) !== 0;
    const inVram = pagesValid(range.pages) && range.pages.flags.hasDevmemPages;
    words.push(clipped[0], clipped[1], (bound ? 1 : 0) | (inVram ? 2 : 0) | (range.tileInvalidated !== 0 ? 4 : 0));
  }
  return Uint32Array.from(words);
}

function notifierPairs(machine: Machine, pages: PageIndex): Uint32Array {
  const words: number[] = [];
  for (const notifier of machine.vm.svm.notifiers.overlapping(0, Number.MAX_SAFE_INTEGER)) {
    const clipped = pages.clip(notifier.startVpn, notifier.endVpn);
    if (clipped !== null) words.push(...clipped);
  }
  return Uint32Array.from(words);
}

function blockQuads(machine: Machine): Uint32Array {
  const blocks = machine.device.vram.blocks();
  const words = new Uint32Array(blocks.length * 4);
  blocks.forEach((block, i) => words.set([block.frame, block.pages, BLOCK_KIND[block.kind], block.bo], i * 4));
  return words;
}

function phaseViews(recorder: Recorder): PhaseView[] {
  return PHASES.map((phase) => {
    const { window } = recorder.phase(phase);
    const us = (q: number): number => (window.count === 0 ? 0 : window.quantile(q) / NS_PER_US);
    return { phase, count: window.count, p50Us: us(0.5), p99Us: us(0.99) };
  });
}

/** Arrays of a snapshot, to be transferred with it. */
export function transferables(snapshot: Snapshot): ArrayBuffer[] {
  const { pageState, pageFrame, ranges, notifiers, vramBlocks } = snapshot;
  return [pageState, pageFrame, ranges, notifiers, vramBlocks].map((array) =>
    present(array.buffer as ArrayBuffer, 'buffer'),
  );
}
