// All compute pipelines, created up front, and the bind groups that tie them to buffers. Errors name shader file and line.
import { assert } from '../../base/assert.ts';
import type { SpaceId } from '../plan/commands.ts';
import { ENTRIES } from '../plan/layouts.gen.ts';
import { wgslOrigin, type JoinedShader } from '../plan/wgsl-join.ts';
import type { GpuBuffers } from './buffers.ts';
import { directionOf, shapeName, type CopyShape, type CopyShapes } from './copy-shape.ts';
import { shaderSource } from './shader-source.ts';

type EntryName = keyof typeof ENTRIES;

interface Binding {
  readonly binding: number;
  readonly name: string;
  readonly access: 'uniform' | 'read' | 'read_write';
  readonly stride: number;
}

interface Variant {
  readonly entry: EntryName;
  readonly constants?: Record<string, number>;
}

/** Entry points, and the values of their overrides. */
const VARIANTS = {
  copyBetween: { entry: 'copyBetween' },
  copyWithin: { entry: 'copyWithin' },
  guardedBetween: { entry: 'copyBetween', constants: { GUARDED: 1 } },
  guardedWithin: { entry: 'copyWithin', constants: { GUARDED: 1 } },
  translatePages: { entry: 'translatePages' },
  linearBetween: { entry: 'linearBetween' },
  linearWithin: { entry: 'linearWithin' },
  entriesBetween: { entry: 'entriesBetween' },
  entriesWithin: { entry: 'entriesWithin' },
  chase: { entry: 'chase' },
  fillPages: { entry: 'fillPages' },
  fillSeeded: { entry: 'fillPages', constants: { SEEDED: 1 } },
  writePtes: { entry: 'writePtes' },
  invalidateTlb: { entry: 'invalidateTlb' },
  access: { entry: 'access' },
  accessTlb: { entry: 'access', constants: { USE_TLB: 1 } },
  fillTlb: { entry: 'fillTlb' },
  cpuAccess: { entry: 'cpuAccess' },
  hashPages: { entry: 'hashPages' },
} as const satisfies Record<string, Variant>;

export type VariantName = keyof typeof VARIANTS;

/** Variants that exist in several shapes. */
const SHAPED: readonly string[] = ['copyBetween', 'copyWithin', 'guardedBetween', 'guardedWithin'];

/** Variants whose `pairs` come from translate-pages and not from the host's list. */
const PAIRS_FROM_DEVICE: readonly string[] = ['guardedBetween', 'guardedWithin', 'translatePages'];
/** Names under which shaders read the host's list. */
const LIST_NAMES: readonly string[] = ['pairs', 'spans', 'tasks', 'runs', 'intervals', 'touches'];

/** Names under which shaders see space `a`. */
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

  /** The pipeline of a variant; copies from space `a` to `b` have the shape of their direction. */
  get(name: VariantName, a: SpaceId, b: SpaceId): GPUComputePipeline {
    return this.#pipelines.get(pipelineKey(name, this.#shapes[directionOf(a, b)])) as GPUComputePipeline;
  }

  /**
   * The bind group of a variant over spaces `a` and `b`: source and destination of copies; the space worked on or holding
   * the tables (`a`) and the VRAM beside it (`b`) elsewhere. Made once and kept.
   */
  group(name: VariantName, a: SpaceId, b: SpaceId): GPUBindGroup {
    const key = `${name} ${a} ${b}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = this.#createGroup(name, a, b, key);
      this.#groups.set(key, group);
    }
    return group;
  }

  #createGroup(name: VariantName, a: SpaceId, b: SpaceId, label: string): GPUBindGroup {
    const { entry } = VARIANTS[name];
    const layout = this.#layouts.get(entry) as GPUBindGroupLayout;
    const entries = bindingsOf(entry).map((binding) => ({
      binding: binding.binding,
      resource: this.#resource(name, binding, a, b),
    }));
    return this.#device.createBindGroup({ label, layout, entries });
  }

  #resource(name: VariantName, binding: Binding, a: SpaceId, b: SpaceId): GPUBufferBinding {
    if (binding.access === 'uniform') return { buffer: this.#buffers.params, size: binding.stride };
    return { buffer: this.#storage(name, binding.name, a, b) };
  }

  #storage(variant: VariantName, name: string, a: SpaceId, b: SpaceId): GPUBuffer {
    const buffers = this.#buffers;
    if (name === 'pairs' && PAIRS_FROM_DEVICE.includes(variant)) return buffers.pairs;
    if (LIST_NAMES.includes(name)) return buffers.list;
    if (name === 'system') return buffers.spaces[0] as GPUBuffer;
    if (name === 'dst' || name === 'dstEntries' || name === 'vram') return buffers.spaces[b] ?? buffers.noVram;
    if (SPACE_A_NAMES.includes(name)) return buffers.spaces[a] as GPUBuffer;
    return buffers[name as keyof Omit<GpuBuffers, 'spaces'>];
  }
}

function pipelineKey(name: VariantName, shape: CopyShape): string {
  return SHAPED.includes(name) ? `${name} ${shapeName(shape)}` : name;
}

function bindingsOf(entry: EntryName): readonly Binding[] {
  return ENTRIES[entry].bindings;
}

function createLayout(device: GPUDevice, entry: EntryName): GPUBindGroupLayout {
  const entries = bindingsOf(entry).map(({ binding, access, stride }): GPUBindGroupLayoutEntry => {
    const visibility = GPUShaderStage.COMPUTE;
    if (access === 'uniform')
      return { binding, visibility, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: stride } };
    return { binding, visibility, buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' } };
  });
  return device.createBindGroupLayout({ label: entry, entries });
}

async function compile(device: GPUDevice, program: string): Promise<GPUShaderModule> {
  const source = shaderSource(program);
  const module = device.createShaderModule({ label: program, code: source.code });
  const { messages } = await module.getCompilationInfo();
  const errors = messages.filter((message) => message.type === 'error');
  if (errors.length > 0) throw new Error(errors.map((message) => located(source, message)).join('\n'));
  return module;
}

function located(source: JoinedShader, message: GPUCompilationMessage): string {
  return `shaders/${wgslOrigin(source, message.lineNum)}:${message.linePos}: ${message.message}`;
}

interface Wanted {
  readonly name: VariantName;
  /** Of a variant without shapes, any. */
  readonly shape: CopyShape;
}

async function createPipeline(
  device: GPUDevice,
  { name, shape }: Wanted,
  module: GPUShaderModule,
  group: GPUBindGroupLayout,
): Promise<GPUComputePipeline> {
  const { entry, constants = {} }: Variant = VARIANTS[name];
  const label = pipelineKey(name, shape);
  const layout = device.createPipelineLayout({ label, bindGroupLayouts: [group] });
  const shaped = SHAPED.includes(name) ? { LANES: shape.lanes, UNROLL: shape.unroll } : {};
  return device.createComputePipelineAsync({
    label,
    layout,
    compute: { module, entryPoint: entry, constants: { ...constants, ...shaped } },
  });
}

/** Every variant once, those with shapes once for each of `shapes`. */
function wantedPipelines(shapes: readonly CopyShape[]): readonly Wanted[] {
  return (Object.keys(VARIANTS) as VariantName[]).flatMap((name) =>
    (SHAPED.includes(name) ? shapes : shapes.slice(0, 1)).map((shape) => ({ name, shape })),
  );
}

/**
 * Compiles every shader and creates every pipeline. Throws with file and line on a shader error (a bug). Copies run in
 * the shapes `inUse`, all of which are among `shapes`.
 */
export async function createPipelines(
  device: GPUDevice,
  buffers: GpuBuffers,
  shapes: readonly CopyShape[],
  inUse: CopyShapes,
): Promise<Pipelines> {
  const programs = [...new Set(Object.values(ENTRIES).map((entry) => entry.program))];
  const modules = new Map(
    await Promise.all(programs.map(async (program) => [program, await compile(device, program)] as const)),
  );
  const layouts = new Map(
    (Object.keys(ENTRIES) as EntryName[]).map((entry) => [entry, createLayout(device, entry)] as const),
  );
  const create = async (wanted: Wanted): Promise<readonly [string, GPUComputePipeline]> => {
    const { entry } = VARIANTS[wanted.name];
    const module = modules.get(ENTRIES[entry].program) as GPUShaderModule;
    const pipeline = await createPipeline(device, wanted, module, layouts.get(entry) as GPUBindGroupLayout);
    return [pipelineKey(wanted.name, wanted.shape), pipeline];
  };
  const pipelines = new Map(await Promise.all(wantedPipelines(shapes).map(create)));
  return new Pipelines(device, buffers, pipelines, layouts, inUse);
}
