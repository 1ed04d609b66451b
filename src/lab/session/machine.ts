// Composes the machine of one run: scheduler, memory, process, device, address space and the queue of faults.
import type { EventSink } from '../../model/event/event.ts';
import { XE_BMG } from '../../model/cost/constants.ts';
import { createJobCost, NO_JOB_COST, NO_SERVICE_COST, serviceCost } from '../../model/cost/job-cost.ts';
import { createMm, type Mm } from '../../model/mm/mm.ts';
import { createWorld, type World } from '../../model/world.ts';
import { createXeDevice, type XeDevice } from '../../model/xe/device.ts';
import { FaultQueue } from '../../model/xe/fault-queue.ts';
import { makeXeOptions, type XeOptions } from '../../model/xe/options.ts';
import { createXeVm, type XeVm } from '../../model/xe/vm.ts';
import { isErrno } from '../../base/errno.ts';
import { PAGE_SIZE, type Vpn } from '../../base/units.ts';
import type { ExecutorConfig } from '../../engine/plan/executor.ts';
import { MAX_BATCH } from '../workload/step-builder.ts';
import type { Workload } from '../workload/workload.ts';
import type { Scenario } from './scenario.ts';
import type { Sizes } from './sizing.ts';

/** The mirror covers the lower half of a 48-bit address space, where processes live. */
export const USER_SPACE_PAGES = 2 ** 35;

export interface Machine {
  readonly world: World;
  readonly mm: Mm;
  readonly device: XeDevice;
  readonly vm: XeVm;
  readonly faults: FaultQueue;
  /** The driver's knobs; assigning a live one changes the very next decision. */
  readonly options: XeOptions;
  /** GPU programs look addresses up in the TLB model. */
  readonly tlb: boolean;
  /** Accesses of one GPU program at most, so that all of their faults fit into the ring. */
  readonly partLimit: number;
  /** Pages of the faults that wait for their answer, for the picture. */
  readonly faulting: Set<Vpn>;
  /** Accesses that the executor's list holds. */
  readonly listCapacity: number;
}

/** What the executor of a run must hold. */
export function executorConfig(scenario: Scenario, sizes: Sizes): ExecutorConfig {
  return {
    spaces: [
      { name: 'system', pages: sizes.systemPages },
      { name: 'vram0', pages: sizes.dataPages + sizes.reservePages },
    ],
    segmentPages: sizes.segmentPages,
    accessCapacity: scenario.workload.batch,
    faultCapacity: scenario.engine.faultCapacity,
    tlbLines: scenario.engine.tlbLines,
  };
}

/** Builds the machine and maps the workload's areas; nothing is present yet. */
export function buildMachine(scenario: Scenario, sizes: Sizes, workload: Workload, events: EventSink): Machine {
  const modelTime = scenario.run.clock === 'model';
  const world = createWorld({
    systemPages: sizes.systemPages,
    devicePages: [sizes.dataPages + sizes.reservePages],
    cost: modelTime ? createJobCost(XE_BMG) : NO_JOB_COST,
    events,
  });
  const options = xeOptions(scenario);
  const device = createXeDevice(world, {
    index: 0,
    vramPages: sizes.dataPages + sizes.reservePages,
    dataPages: sizes.dataPages,
    tableLimitPages: sizes.segmentPages,
    options,
    serviceCost: modelTime ? serviceCost(XE_BMG) : NO_SERVICE_COST,
  });
  const mm = createMm(world, workload.name);
  mapAreas(mm, workload);
  const vm = createXeVm(device, mm, { startVpn: 0, endVpn: USER_SPACE_PAGES });
  if (isErrno(vm)) throw new Error(`no VRAM for the root page table: ${vm}`);
  const { tlbLines, faultCapacity } = scenario.engine;
  const partLimit = Math.min(faultCapacity, MAX_BATCH);
  const faults = new FaultQueue(device);
  const { batch: listCapacity } = scenario.workload;
  return { world, mm, device, vm, faults, options, tlb: tlbLines > 0, partLimit, listCapacity, faulting: new Set() };
}

/** The driver's options of a scenario. */
function xeOptions(scenario: Scenario): XeOptions {
  const { migration, engine, policy } = scenario;
  return makeXeOptions({
    timeslice: { ...migration.timeslice },
    chunkPages: migration.chunks.map((bytes) => bytes / PAGE_SIZE),
    waitMode: engine.wait,
    copyMode: engine.copyMode,
    minMigratePages: migration.minMigrateBytes / PAGE_SIZE,
    admit: { mergeSamePage: policy.mergeSamePage },
  });
}

/** Writes the live fields of `scenario` into a running machine. */
export function applyLiveFields(options: XeOptions, scenario: Scenario): void {
  const fresh = xeOptions(scenario);
  options.timeslice.deviceOnlyMs = fresh.timeslice.deviceOnlyMs;
  options.timeslice.overrideMs = fresh.timeslice.overrideMs;
  options.chunkPages = fresh.chunkPages;
  options.waitMode = fresh.waitMode;
  options.minMigratePages = fresh.minMigratePages;
}

function mapAreas(mm: Mm, workload: Workload): void {
  for (const vma of workload.vmas) {
    const status = mm.mmap(vma.startVpn, vma.pages, { write: vma.write, name: vma.name });
    if (status !== 0) throw new Error(`mapping ${vma.name} of ${workload.name}: ${status}`);
  }
}
