// Chooses what runs the jobs under Node, and asks the launcher for the software driver when there is no hardware.
import { createNodeGpu } from '../src/engine/gpu/node.ts';
import { GpuUnavailable } from '../src/engine/gpu/unavailable.ts';
import type { Executor, ExecutorConfig } from '../src/engine/plan/executor.ts';
import {
  chooseExecutor,
  openExecutor,
  type AdapterChoice,
  type ChosenAdapter,
} from '../src/lab/session/open-executor.ts';
import { mayRetryWithSoftware, RETRY_WITH_SOFTWARE } from '../tools/launch-contract.mjs';
import { CommandError, EXIT } from './exit.ts';

export interface Found {
  readonly chosen: ChosenAdapter;
  readonly gpu: GPU | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Finds an adapter of the kind asked for. `auto` is hardware, else software, else the twin. Throws CommandError: no such
 * adapter (3), or (75) a request to the launcher to start again (tools/launch-contract.mjs).
 */
export async function findAdapter(choice: AdapterChoice, env: Env): Promise<Found> {
  if (choice === 'twin') return { gpu: undefined, chosen: await twin(null) };
  const gpu = await nodeGpu();
  return choice === 'auto' ? best(gpu, env) : wanted(choice, gpu);
}

/** An executor on what was found, or why the memory is not there. */
export function openFound({ gpu, chosen }: Found, config: ExecutorConfig): Promise<Executor | GpuUnavailable> {
  return openExecutor(gpu, chosen, config);
}

async function best(gpu: GPU | undefined, env: Env): Promise<Found> {
  const hardware = await chooseExecutor(gpu, 'hardware');
  if (!(hardware instanceof GpuUnavailable)) return { gpu, chosen: hardware };
  if (mayRetryWithSoftware(env)) throw new CommandError(RETRY_WITH_SOFTWARE, 'no hardware adapter here');
  const software = await chooseExecutor(gpu, 'software');
  if (software instanceof GpuUnavailable)
    return { gpu, chosen: await twin(`no adapter was found: ${software.message}`) };
  return { gpu, chosen: { ...software, fallback: 'no hardware adapter was found' } };
}

async function wanted(choice: 'hardware' | 'software', gpu: GPU | undefined): Promise<Found> {
  const chosen = await chooseExecutor(gpu, choice);
  if (!(chosen instanceof GpuUnavailable)) return { gpu, chosen };
  const others = choice === 'hardware' ? 'software, twin' : 'hardware, twin';
  throw new CommandError(EXIT.noAdapter, `--adapter is "${choice}", but: ${chosen.message} Others: ${others}`);
}

async function twin(fallback: string | null): Promise<ChosenAdapter> {
  const chosen = await chooseExecutor(undefined, 'twin');
  if (chosen instanceof GpuUnavailable) throw new CommandError(EXIT.noAdapter, chosen.message);
  return { ...chosen, fallback };
}

/** The native module is a development dependency: it may be absent or not load here. */
async function nodeGpu(): Promise<GPU | undefined> {
  try {
    return await createNodeGpu();
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    process.stderr.write(`pageferry: the package webgpu does not load here (${why})\n`);
    return undefined;
  }
}
