// Every buffer that lives as long as the executor: memory spaces, access list, fault ring, TLB, and what a submission sends.
import { PAGE_SIZE } from '../../base/units.ts';
import { ACCESS_RECORD_WORDS, ACCESS_RESULT_WORDS, SYSTEM_SPACE, type SpaceId } from '../plan/commands.ts';
import type { ExecutorConfig } from '../plan/executor.ts';
import { STRUCTS } from '../plan/layouts.gen.ts';
import { pagesOfSegment, segmentCount } from '../plan/segments.ts';
import type { FlushLimits } from './flush-limits.ts';

/** Uniforms of one dispatch are a slot of this many bytes: the alignment of dynamic offsets that every device allows. */
export const PARAM_SLOT_BYTES = 256;

const FIXED = [
  'list',
  'payload',
  'params',
  'pairs',
  'marks',
  'io',
  'records',
  'results',
  'faults',
  'tlb',
  'noVram',
  'noSystem',
] as const;
type FixedName = (typeof FIXED)[number];

export interface GpuBuffers extends Readonly<Record<FixedName, GPUBuffer>> {
  /** By SpaceId, the space's segments in order. */
  readonly spaces: readonly (readonly GPUBuffer[])[];
}

/**
 * Pages that translated copies of one batch may have: those of the largest space. A longer command is refused, since it
 * would write a page twice.
 */
export function translatedPages(config: ExecutorConfig): number {
  return Math.max(...config.spaces.map((space) => (space.host === true ? 1 : space.pages)));
}

/** Records that the ring has memory for: one even where it may hold none, so that jobs can still claim it one by one. */
export function ringRecords(config: ExecutorConfig): number {
  return Math.max(1, config.faultCapacity);
}

/** Sizes in bytes of all buffers but the spaces. None is empty: an empty buffer cannot be bound. */
function fixedBytes(config: ExecutorConfig, limits: FlushLimits): Record<FixedName, number> {
  const accesses = Math.max(1, config.accessCapacity);
  return {
    list: limits.listWords * 4,
    payload: limits.payloadWords * 4,
    params: limits.dispatches * PARAM_SLOT_BYTES,
    pairs: translatedPages(config) * STRUCTS.PagePair.bytes,
    marks: limits.marks * 4,
    io: limits.ioWords * 4,
    records: accesses * ACCESS_RECORD_WORDS * 4,
    results: accesses * ACCESS_RESULT_WORDS * 4,
    faults: STRUCTS.FaultRing.fields.records + ringRecords(config) * STRUCTS.FaultRecord.bytes,
    tlb: Math.max(1, config.tlbLines) * STRUCTS.TlbLine.bytes,
    noVram: PAGE_SIZE,
    noSystem: PAGE_SIZE,
  };
}

/** Sizes in bytes of the segments of each space. Programs bind every space: one page stands in for one that the host holds. */
function spaceBytes(config: ExecutorConfig): number[][] {
  return config.spaces.map(({ host }, space) =>
    host === true
      ? [PAGE_SIZE]
      : Array.from({ length: segmentCount(config, space) }, (_, i) => pagesOfSegment(config, space, i) * PAGE_SIZE),
  );
}

/** Bytes of the largest buffer and of all together that a configuration needs. */
export function neededBytes(config: ExecutorConfig, limits: FlushLimits): { largest: number; total: number } {
  const all = [...spaceBytes(config).flat(), ...Object.values(fixedBytes(config, limits))];
  return { largest: Math.max(...all), total: all.reduce((sum, bytes) => sum + bytes, 0) };
}

function storage(device: GPUDevice, label: string, size: number): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  return device.createBuffer({ label, size, usage });
}

function createBuffers(device: GPUDevice, config: ExecutorConfig, limits: FlushLimits): GpuBuffers {
  const bytes = fixedBytes(config, limits);
  const named = FIXED.filter((name) => name !== 'params').map((name) => [name, storage(device, name, bytes[name])]);
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  return {
    ...(Object.fromEntries(named) as Record<FixedName, GPUBuffer>),
    params: device.createBuffer({ label: 'params', size: bytes.params, usage }),
    spaces: spaceBytes(config).map((sizes, space) =>
      sizes.map((size, i) => storage(device, `${config.spaces[space]?.name} ${i}`, size)),
    ),
  };
}

/** Touches every byte once: drivers clear a buffer at its first use, and some find out only then that memory is short. */
function clearAll(device: GPUDevice, buffers: GpuBuffers): void {
  const encoder = device.createCommandEncoder({ label: 'clear all' });
  for (const name of FIXED) encoder.clearBuffer(buffers[name]);
  for (const space of buffers.spaces.flat()) encoder.clearBuffer(space);
  device.queue.submit([encoder.finish()]);
}

/** Allocates everything, zeroed; null when the memory is not there. Throws on a validation error (a bug). */
export async function allocateBuffers(
  device: GPUDevice,
  config: ExecutorConfig,
  limits: FlushLimits,
): Promise<GpuBuffers | null> {
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  const buffers = createBuffers(device, config, limits);
  clearAll(device, buffers);
  // Both scopes are popped in the tick that pushed them, so that they enclose nobody else's work.
  const memory = device.popErrorScope();
  const validation = device.popErrorScope();
  if ((await memory) !== null) {
    await validation;
    return null;
  }
  const invalid = await validation;
  if (invalid !== null) throw new Error(`allocating buffers: ${invalid.message}`);
  await device.queue.onSubmittedWorkDone();
  return buffers;
}

/** The VRAM that leaves with the device-memory bit mean, under tables in `tableSpace`. It may not exist. */
export function vramBeside(tableSpace: SpaceId): SpaceId {
  return tableSpace === SYSTEM_SPACE ? 1 : tableSpace;
}
