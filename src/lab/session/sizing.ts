// How big the machine of a run is: data VRAM, the reserve for page tables on top, and system memory.
import { alignUp, isPowerOfTwo, MIB, PAGE_SIZE } from '../../base/units.ts';
import type { SpaceSizes } from '../../engine/gpu/adapter.ts';
import { DEFAULT_SEGMENT_PAGES } from '../../engine/plan/segments.ts';
import type { Workload } from '../workload/workload.ts';
import type { VramSize } from './scenario-sizes.ts';

/** Pages of one 2 MiB block. */
const BLOCK_PAGES = (2 * MIB) / PAGE_SIZE;
/** Directories of one VM above its level-0 tables, with room for a second notifier window. */
const UPPER_TABLES = 16;
/** System frames that no workload gets: the shared zero page. */
const KERNEL_PAGES = 1;
/** The migrate VM: 32 pages of tables, its root, and identity tables for the last partial GiB (xe.md §4.1). */
const MIGRATE_VM_PAGES = 96;

export interface Sizes {
  /** Pages of all VMAs of the workload. */
  readonly vmaPages: number;
  /** VRAM that data may use. */
  readonly dataPages: number;
  /** VRAM on top for page tables and the migrate VM. */
  readonly reservePages: number;
  /** Frames of system memory. */
  readonly systemPages: number;
  /** Frames of one buffer: larger spaces have several, and page tables lie in the first. */
  readonly segmentPages: number;
}

/** A size that cannot be had, in words for a user. */
export interface SizeProblem {
  readonly field: string;
  readonly given: string;
  readonly allowed: string;
}

/**
 * Sizes of a run. `vram` is '50%' (of the VMAs' bytes, rounded up to 2 MiB) or bytes as parsed by the scenario;
 * `systemBytes` the system memory that the user gave, null for enough. Source: design.md §8 Sizes.
 */
export function sizesOf(
  workload: Workload,
  vram: VramSize,
  systemBytes: number | null = null,
  segmentPages = DEFAULT_SEGMENT_PAGES,
): Sizes {
  const vmaPages = workload.vmas.reduce((sum, vma) => sum + vma.pages, 0);
  const wanted = vram.kind === 'percent' ? shareOf(vmaPages, vram.percent) : vram.bytes / PAGE_SIZE;
  const dataPages = alignUp(Math.max(1, wanted), BLOCK_PAGES);
  const systemPages = systemBytes === null ? vmaPages + systemSlack(vmaPages) : systemBytes / PAGE_SIZE;
  return { vmaPages, dataPages, reservePages: reserveFor(workload), systemPages, segmentPages };
}

/** Whole pages of a percentage. The product of decimals is off by a hair, which must not cost another block. */
function shareOf(pages: number, percent: number): number {
  return Math.ceil(Number(((pages * percent) / 100).toFixed(6)));
}

/** One level-0 table per 2 MiB of each VMA, rounded outwards, doubled for tables that wait for their fence. */
function reserveFor(workload: Workload): number {
  let leafTables = 0;
  for (const vma of workload.vmas) leafTables += Math.ceil(vma.pages / BLOCK_PAGES) + 1;
  const upper = UPPER_TABLES + 4 * workload.vmas.length;
  return alignUp(2 * leafTables + upper + MIGRATE_VM_PAGES, BLOCK_PAGES);
}

/** Frames beyond the footprint: pages exist twice while a migration home is copying. */
function systemSlack(vmaPages: number): number {
  return alignUp(Math.min(vmaPages, 4 * BLOCK_PAGES) + 64, 64);
}

/** The first size that the adapter cannot have, or that is too small for the workload's pages. */
export function checkSizes(sizes: Sizes, adapter: SpaceSizes, givenVram: string): SizeProblem | null {
  const { maxSpacePages } = adapter;
  const segment = segmentProblem(sizes, adapter);
  if (segment !== null) return segment;
  const vram = sizes.dataPages + sizes.reservePages;
  if (vram > maxSpacePages) {
    return {
      field: 'machine.vram',
      given: `${givenVram} (${mib(vram)} with ${mib(sizes.reservePages)} for page tables)`,
      allowed: `at most ${mib(maxSpacePages)} on this adapter`,
    };
  }
  if (sizes.systemPages < sizes.vmaPages + KERNEL_PAGES) {
    return {
      field: 'machine.systemMemory',
      given: mib(sizes.systemPages),
      allowed: `at least ${mib(sizes.vmaPages + KERNEL_PAGES)}: every page of the workload starts in system memory`,
    };
  }
  if (sizes.systemPages > maxSpacePages) {
    return {
      field:
        sizes.vmaPages + systemSlack(sizes.vmaPages) > maxSpacePages
          ? 'workload.footprintBytes'
          : 'machine.systemMemory',
      given: `${mib(sizes.vmaPages)} (${mib(sizes.systemPages)} of system memory)`,
      allowed: `at most ${mib(maxSpacePages)} on this adapter`,
    };
  }
  return null;
}

function segmentProblem({ segmentPages, reservePages }: Sizes, adapter: SpaceSizes): SizeProblem | null {
  if (isPowerOfTwo(segmentPages) && segmentPages <= adapter.segmentPages && segmentPages >= reservePages) return null;
  const least = 2 ** Math.ceil(Math.log2(reservePages));
  return {
    field: 'engine.segmentBytes',
    given: mib(segmentPages),
    allowed: `a power of two from ${mib(least)}, which hold the page tables, to ${mib(adapter.segmentPages)} on this adapter`,
  };
}

function mib(pages: number): string {
  return `${Number(((pages * PAGE_SIZE) / MIB).toFixed(3))} MiB`;
}
