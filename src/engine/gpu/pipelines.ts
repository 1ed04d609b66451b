// All compute pipelines, created up front, and the bind groups that tie them to buffers. Errors name shader file and line.
import type { SpaceId } from '../plan/commands.ts';
import { ENTRIES } from '../plan/layouts.gen.ts';
import { wgslOrigin, type JoinedShader } from '../plan/wgsl-join.ts';
import type { GpuBuffers } from './buffers.ts';
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

/** Variants whose `pairs` come from translate-pages and not from the host's list. */
const PAIRS_FROM_DEVICE: readonly string[] = ['guardedBetween', 'guardedWithin', 'translatePages'];
/** Names under which shaders read the host's list. */
const LIST_NAMES: readonly string[] = ['pairs', 'tasks', 'runs', 'intervals', 'touches'];

export class Pipelines {
  readonly #device: GPUDevice;
  readonly #buffers: GpuBuffers;
  readonly #pipelines: ReadonlyMap<VariantName, GPUComputePipeline>;
  readonly #layouts: ReadonlyMap<EntryName, GPUBindGroupLayout>;
  readonly #groups = new Map<string, GPUBindGroup>();

  constructor(
    device: GPUDevice,
    buffers: GpuBuffers,
    pipelines: ReadonlyMap<VariantName, GPUComputePipeline>,
    layouts: ReadonlyMap<EntryName, GPUBindGroupLayout>,
  ) {
    this.#device = device;
    this.#buffers = buffers;
    this.#pipelines = pipelines;
    this.#layouts = layouts;
  }

  get(name: VariantName): GPUComputePipeline {
    return this.#pipelines.get(name) as GPUComputePipeline;
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
    if (LIST_NAMES.includes(name)) return PAIRS_FROM_DEVICE.includes(variant) ? buffers.pairs : buffers.list;
    if (name === 'system') return buffers.spaces[0] as GPUBuffer;
    if (name === 'dst' || name === 'vram') return buffers.spaces[b] ?? buffers.noVram;
    if (name === 'src' || name === 'memory' || name === 'tables') return buffers.spaces[a] as GPUBuffer;
    return buffers[name as keyof Omit<GpuBuffers, 'spaces'>];
  }
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

async function createPipeline(
  device: GPUDevice,
  name: VariantName,
  module: GPUShaderModule,
  group: GPUBindGroupLayout,
): Promise<GPUComputePipeline> {
  const { entry, constants = {} }: Variant = VARIANTS[name];
  const layout = device.createPipelineLayout({ label: name, bindGroupLayouts: [group] });
  return device.createComputePipelineAsync({
    label: name,
    layout,
    compute: { module, entryPoint: entry, constants },
  });
}

/** Compiles every shader and creates every pipeline. Throws with file and line on a shader error (a bug). */
export async function createPipelines(device: GPUDevice, buffers: GpuBuffers): Promise<Pipelines> {
  const programs = [...new Set(Object.values(ENTRIES).map((entry) => entry.program))];
  const modules = new Map(
    await Promise.all(programs.map(async (program) => [program, await compile(device, program)] as const)),
  );
  const layouts = new Map(
    (Object.keys(ENTRIES) as EntryName[]).map((entry) => [entry, createLayout(device, entry)] as const),
  );
  const names = Object.keys(VARIANTS) as VariantName[];
  const create = async (name: VariantName): Promise<readonly [VariantName, GPUComputePipeline]> => {
    const { entry } = VARIANTS[name];
    const module = modules.get(ENTRIES[entry].program) as GPUShaderModule;
    return [name, await createPipeline(device, name, module, layouts.get(entry) as GPUBindGroupLayout)];
  };
  return new Pipelines(device, buffers, new Map(await Promise.all(names.map(create))), layouts);
}
