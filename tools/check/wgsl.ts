// Compiles every shader and builds every compute pipeline with Dawn's null backend: full validation, no GPU needed.
import { create, globals } from 'webgpu';
import { joinWgsl, wgslOrigin, type JoinedShader, type WgslFiles } from '../../src/engine/plan/wgsl-join.ts';
import { filesBelow, readText } from './files.ts';
import { verdict, type StepResult } from './step.ts';

// Dawn is torn down when this object is collected, in the middle of whatever is running.
const keep = globalThis as typeof globalThis & { pageferryDawn?: GPU };

interface EntryPoint {
  stage: string;
  name: string;
}

/** The step: every file directly in shaders/ is a shader; every file in shaders/lib must be part of one. */
export async function wgslStep(): Promise<StepResult> {
  const files = readShaders();
  const shaders = Object.keys(files).filter((file) => !file.includes('/'));
  const device = await nullDevice();
  const problems = unusedLibraries(files, shaders);
  let entryPoints = 0;
  for (const shader of shaders) {
    const checked = await checkShader(device, shader, files);
    problems.push(...checked.problems);
    entryPoints += checked.entryPoints;
  }
  return verdict(problems, shaders.length, `shaders with ${entryPoints} entry points`);
}

function readShaders(): WgslFiles {
  const paths = filesBelow('shaders', ['.wgsl']);
  return Object.fromEntries(paths.map((path) => [path.slice('shaders/'.length), readText(path)]));
}

function unusedLibraries(files: WgslFiles, shaders: string[]): string[] {
  const used = new Set(shaders.flatMap((shader) => joinedFiles(shader, files)));
  return Object.keys(files)
    .filter((file) => !used.has(file))
    .map((file) => `shaders/${file}: no shader imports it`);
}

/** A shader that does not join is reported by `checkShader`. */
function joinedFiles(shader: string, files: WgslFiles): string[] {
  try {
    return [shader, ...joinWgsl(shader, files).lines.map((line) => line.file)];
  } catch {
    return [shader];
  }
}

interface Checked {
  problems: string[];
  entryPoints: number;
}

/** Judges one shader on a device; exported for the test of this step. */
export async function checkShader(device: GPUDevice, shader: string, files: WgslFiles): Promise<Checked> {
  let joined: JoinedShader;
  try {
    joined = joinWgsl(shader, files);
  } catch (error) {
    return { problems: [`shaders/${String(error instanceof Error ? error.message : error)}`], entryPoints: 0 };
  }
  const code = withoutComments(joined.code);
  const points = entryPoints(code);
  const problems = points.length === 0 ? [`shaders/${shader}: no entry point`] : [];
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: shader, code: joined.code });
  problems.push(...(await compilerMessages(module, joined)));
  await device.popErrorScope();
  if (problems.length === 0) problems.push(...(await pipelineProblems(device, module, shader, points, code)));
  return { problems, entryPoints: points.length };
}

async function compilerMessages(module: GPUShaderModule, joined: JoinedShader): Promise<string[]> {
  const { messages } = await module.getCompilationInfo();
  return messages
    .filter((message) => message.type !== 'info')
    .map((one) => `shaders/${wgslOrigin(joined, one.lineNum)}:${one.linePos}: ${one.type}: ${one.message}`);
}

async function pipelineProblems(
  device: GPUDevice,
  module: GPUShaderModule,
  shader: string,
  points: EntryPoint[],
  code: string,
): Promise<string[]> {
  const problems: string[] = [];
  const constants = valuesForOverrides(code);
  for (const { name } of points.filter((point) => point.stage === 'compute')) {
    const compute = { module, entryPoint: name, constants };
    await device.createComputePipelineAsync({ layout: 'auto', compute }).catch((error: unknown) => {
      problems.push(`shaders/${shader}: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  return problems;
}

/** Overrides without a default must be given something; 1 is valid for a size, a count and a flag. */
function valuesForOverrides(code: string): Record<string, number> {
  const open = code.matchAll(/(?:@id\(\s*(\d+)\s*\)\s*)?\boverride\s+(\w+)\s*(?::\s*\w+\s*)?;/g);
  return Object.fromEntries([...open].map(([, id, name]) => [id ?? name ?? '', 1]));
}

function entryPoints(code: string): EntryPoint[] {
  const found = code.matchAll(/@(compute|vertex|fragment)\b[^;{}]*?\bfn\s+(\w+)/g);
  return [...found].map(([, stage = '', name = '']) => ({ stage, name }));
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[^]*?\*\//g, ' ').replace(/\/\/.*$/gm, '');
}

/** A device without a GPU behind it, with every feature: which ones a shader may use is decided at run time. */
export async function nullDevice(): Promise<GPUDevice> {
  Object.assign(globalThis, globals);
  keep.pageferryDawn ??= create(['backend=null']);
  const adapter = await keep.pageferryDawn.requestAdapter();
  if (adapter === null) throw new Error('Dawn has no null backend');
  const requiredFeatures = [...adapter.features] as GPUFeatureName[];
  return adapter.requestDevice({ requiredFeatures });
}
