// The compute pipelines by what they are for, and the bind groups that tie them to buffers. create-pipelines.ts makes them.
import { assert } from '../../base/assert.ts';
import { ENTRIES } from '../plan/layouts.gen.ts';
import type { GpuBuffers } from './buffers.ts';
import { directionOf, shapeName, type CopyShape, type CopyShapes } from './copy-shape.ts';
import { indexOf, spaceOf, type SegmentId } from './segments.ts';

export type EntryName = keyof typeof ENTRIES;

interface Binding {
  readonly binding: number;
  readonly name: string;
  readonly access: 'uniform' | 'read' | 'read_write';
  readonly stride: number;
}

export interface Variant {
  readonly entry: EntryName;
  readonly constants?: Record<string, number>;
}

/** Entry points, and the values of overrides in which variants of one entry differ. */
export const VARIANTS = {
  copyBetween: { entry: 'copyBetween' },
  copyWithin: { entry: 'copyWithin' },
  walkedBetween: { entry: 'copyBetween' },
  walkedWithin: { entry: 'copyWithin' },
  translatePages: { entry: 'translatePages' },
  linearBetween: { entry: 'linearBetween' },
  linearWithin: { entry: 'linearWithin' },
  entriesBetween: { entry: 'entriesBetween' },
  entriesWithin: { entry: 'entriesWithin' },
  chase: { entry: 'chase' },
  fillPages: { entry: 'fillPages' },
  fillSeeded: { entry: 'fillPages', constants: { SEEDED: 1 } },
  writePtes: { entry: 'writePtes' },
  writeShortRuns: { entry: 'writePtes', constants: { RUN_LANES: 16 } },
  writeSinglePtes: { entry: 'writePtes', constants: { RUN_LANES: 1 } },
  invalidateTlb: { entry: 'invalidateTlb' },
  access: { entry: 'access' },
  accessTlb: { entry: 'access', constants: { USE_TLB: 1 } },
  translate: { entry: 'access', constants: { TRANSLATE_ONLY: 1 } },
  translateTlb: { entry: 'access', constants: { TRANSLATE_ONLY: 1, USE_TLB: 1 } },
  performAccess: { entry: 'performAccess' },
  fillTlb: { entry: 'fillTlb' },
  cpuAccess: { entry: 'cpuAccess' },
  hashPages: { entry: 'hashPages' },
} as const satisfies Record<string, Variant>;

export type VariantName = keyof typeof VARIANTS;

/** Variants that exist in several shapes. */
export const SHAPED: readonly string[] = ['copyBetween', 'copyWithin', 'walkedBetween', 'walkedWithin'];

/** Variants whose `pairs` come from translate-pages and not from the host's list. */
const PAIRS_FROM_DEVICE: readonly string[] = ['walkedBetween', 'walkedWithin', 'translatePages'];
/** Names under which shaders read the host's list. */
const LIST_NAMES: readonly string[] = ['pairs', 'spans', 'tasks', 'runs', 'intervals', 'touches'];

/** Names under which shaders see segment `a`. */
const SPACE_A_NAMES: readonly string[] = ['src', 'srcEntries', 'memory', 'memoryEntries', 'tables'];

export class Pipelines {
  readonly #device: GPUDevice;
  readonly #buffers: GpuBuffers;
  /** By `pipelineKey`. */
  readonly #pipelines: ReadonlyMap<string, GPUComputePipeline>;
  readonly #layouts: ReadonlyMap<EntryName, GPUBindGroupLayout>;
  readonly #groups = new Map<string, GPUBindGroup>();
  #shapes: CopyShapes;

  constructor(
    device: GPUDevice,
    buffers: GpuBuffers,
    pipelines: ReadonlyMap<string, GPUComputePipeline>,
    layouts: ReadonlyMap<EntryName, GPUBindGroupLayout>,
    shapes: CopyShapes,
  ) {
    this.#device = device;
    this.#buffers = buffers;
    this.#pipelines = pipelines;
    this.#layouts = layouts;
    this.#shapes = shapes;
  }

  /** The shapes that copies run in. */
  get shapes(): CopyShapes {
    return this.#shapes;
  }

  /** Shapes of what is dispatched from now on; they are among those that pipelines were created for. */
  set shapes(shapes: CopyShapes) {
    for (const shape of Object.values(shapes))
      assert(this.#pipelines.has(pipelineKey('copyBetween', shape)), () => `no pipelines of shape ${shapeName(shape)}`);
    this.#shapes = shapes;
  }

  /** The shape of copies from segment `a` to `b`. */
  shapeOf(a: SegmentId, b: SegmentId): CopyShape {
    return this.#shapes[directionOf(spaceOf(a), spaceOf(b))];
  }

  /** The pipeline of a variant; copies from segment `a` to `b` have the shape of their direction. */
  get(name: VariantName, a: SegmentId, b: SegmentId): GPUComputePipeline {
    return this.#pipelines.get(pipelineKey(name, this.shapeOf(a, b))) as GPUComputePipeline;
  }

  /**
   * The bind group of a variant over segments `a` and `b`: source and destination of copies; the segment worked on or holding
   * the tables (`a`) and the VRAM beside it (`b`) elsewhere. Made once and kept.
   */
  group(name: VariantName, a: SegmentId, b: SegmentId): GPUBindGroup {
    const key = `${name} ${a} ${b}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = this.#createGroup(name, a, b, key);
      this.#groups.set(key, group);
    }
    return group;
  }

  #createGroup(name: VariantName, a: SegmentId, b: SegmentId, label: string): GPUBindGroup {
    const { entry } = VARIANTS[name];
    const layout = this.#layouts.get(entry) as GPUBindGroupLayout;
    const entries = bindingsOf(entry).map((binding) => ({
      binding: binding.binding,
      resource: this.#resource(name, binding, a, b),
    }));
    return this.#device.createBindGroup({ label, layout, entries });
  }

  #resource(name: VariantName, binding: Binding, a: SegmentId, b: SegmentId): GPUBufferBinding {
    if (binding.access === 'uniform') return { buffer: this.#buffers.params, size: binding.stride };
    return { buffer: this.#storage(name, binding.name, a, b) };
  }

  #segment(segment: SegmentId): GPUBuffer | undefined {
    return this.#buffers.spaces[spaceOf(segment)]?.[indexOf(segment)];
  }

  #storage(variant: VariantName, name: string, a: SegmentId, b: SegmentId): GPUBuffer {
    const buffers = this.#buffers;
    if (name === 'pairs' && PAIRS_FROM_DEVICE.includes(variant)) return buffers.pairs;
    if (LIST_NAMES.includes(name)) return buffers.list;
    if (name === 'dst' || name === 'dstEntries') return this.#segment(b) as GPUBuffer;
    // A space may have fewer segments than the other, or be the host's: what is bound for it is not touched.
    if (name === 'vram') return this.#segment(b) ?? buffers.noVram;
    if (name === 'system') return this.#segment(a) ?? buffers.noSystem;
    if (SPACE_A_NAMES.includes(name)) return this.#segment(a) as GPUBuffer;
    return buffers[name as keyof Omit<GpuBuffers, 'spaces'>];
  }
}

/** Variants with one entry and the same overrides are one pipeline. */
export function pipelineKey(name: VariantName, shape: CopyShape): string {
  const { entry, constants }: Variant = VARIANTS[name];
  const overrides = Object.entries(constants ?? {}).join(' ');
  return [entry, overrides, SHAPED.includes(name) ? shapeName(shape) : ''].filter((part) => part !== '').join(' ');
}

export function bindingsOf(entry: EntryName): readonly Binding[] {
  return ENTRIES[entry].bindings;
}
