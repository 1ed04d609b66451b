// Compiles all shaders and creates all compute pipelines up front. Errors name shader file and line.
import { ENTRIES } from '../plan/layouts.gen.ts';
import { wgslOrigin, type JoinedShader } from '../plan/wgsl-join.ts';
import type { GpuBuffers } from './buffers.ts';
import type { CopyShape, CopyShapes } from './copy-shape.ts';
import {
  bindingsOf,
  pipelineKey,
  Pipelines,
  SHAPED,
  VARIANTS,
  type EntryName,
  type Variant,
  type VariantName,
} from './pipelines.ts';
import { shaderSource } from './shader-source.ts';
import type { WalkShape } from './walk-shape.ts';

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

/** What of the pipelines depends on the device. */
export interface PipelineOptions {
  /** Copy shapes to create, and those in use, which are among them. */
  readonly shapes: readonly CopyShape[];
  readonly inUse: CopyShapes;
  readonly walks: WalkShape;
}

interface Wanted {
  readonly name: VariantName;
  /** Of a variant without shapes, any. */
  readonly shape: CopyShape;
  readonly walks: WalkShape;
}

async function createPipeline(
  device: GPUDevice,
  { name, shape, walks }: Wanted,
  module: GPUShaderModule,
  group: GPUBindGroupLayout,
): Promise<GPUComputePipeline> {
  const { entry, constants = {} }: Variant = VARIANTS[name];
  const label = pipelineKey(name, shape);
  const layout = device.createPipelineLayout({ label, bindGroupLayouts: [group] });
  const shaped = SHAPED.includes(name) ? { LANES: shape.lanes, UNROLL: shape.unroll, GROUPS: shape.groups } : {};
  const walking = entry === 'translatePages' ? { PAGES_A_LANE: walks.pagesALane, WALK_LANES: walks.lanes } : {};
  return device.createComputePipelineAsync({
    label,
    layout,
    compute: { module, entryPoint: entry, constants: { ...constants, ...shaped, ...walking } },
  });
}

/** Every pipeline once, those of copies once for each shape. */
function wantedPipelines({ shapes, walks }: PipelineOptions): readonly Wanted[] {
  const all = (Object.keys(VARIANTS) as VariantName[]).flatMap((name) =>
    (SHAPED.includes(name) ? shapes : shapes.slice(0, 1)).map((shape) => ({ name, shape, walks })),
  );
  return [...new Map(all.map((wanted) => [pipelineKey(wanted.name, wanted.shape), wanted])).values()];
}

/** Compiles every shader and creates every pipeline. Throws with file and line on a shader error (a bug). */
export async function createPipelines(
  device: GPUDevice,
  buffers: GpuBuffers,
  options: PipelineOptions,
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
  const pipelines = new Map(await Promise.all(wantedPipelines(options).map(create)));
  return new Pipelines(device, buffers, pipelines, layouts, options.inUse);
}
