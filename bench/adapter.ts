// Chooses what runs the jobs under Node, and asks the launcher for the software driver when there is no hardware.
import { createNodeGpu } from '../src/engine/gpu/node.ts';
import type { BenchHost } from '../src/lab/bench/bench-host.ts';
import { GpuUnavailable } from '../src/engine/gpu/unavailable.ts';
import type { Executor, ExecutorConfig } from '../src/engine/plan/executor.ts';
import { softwareOrTwin } from '../src/lab/bench/find-adapter.ts';
import {
  chooseExecutor,
  openExecutor,
  TWIN,
  type AdapterChoice,
  type ChosenAdapter,
  type SystemPages,
} from '../src/lab/session/open-executor.ts';
import { mayRetryWithSoftware, RETRY_WITH_SOFTWARE } from '../tools/launch-contract.mjs';
import { CommandError, EXIT } from './exit.ts';

export interface Found {
  readonly chosen: ChosenAdapter;
  readonly gpu: GPU | undefined;
  /** Absent before anybody asked for copy shapes (tune.ts). */
  readonly tuning?: BenchHost['tuning'];
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Finds an adapter of the kind asked for. `auto` is hardware, else software, else the twin. Throws CommandError: no such
 * adapter (3), or (75) a request to the launcher to start again (tools/launch-contract.mjs).
 */
export async function findAdapter(choice: AdapterChoice, env: Env): Promise<Found> {
  if (choice === 'twin') return { gpu: undefined, chosen: TWIN };
  const gpu = await nodeGpu();
  return choice === 'auto' ? best(gpu, env) : wanted(choice, gpu);
}

/** An executor on what was found, or why the memory is not there. */
export function openFound(
  { gpu, chosen }: Found,
  config: ExecutorConfig,
  systemPages?: SystemPages,
): Promise<Executor | GpuUnavailable> {
  return openExecutor(gpu, chosen, config, systemPages);
}

async function best(gpu: GPU | undefined, env: Env): Promise<Found> {
  const hardware = await chooseExecutor(gpu, 'hardware');
  if (!(hardware instanceof GpuUnavailable)) return { gpu, chosen: hardware };
  if (mayRetryWithSoftware(env)) throw new CommandError(RETRY_WITH_SOFTWARE, 'no hardware adapter here');
  return { gpu, chosen: await softwareOrTwin(gpu) };
}

async function wanted(choice: 'hardware' | 'software', gpu: GPU | undefined): Promise<Found> {
  const chosen = await chooseExecutor(gpu, choice);
  if (!(chosen instanceof GpuUnavailable)) return { gpu, chosen };
  const others = choice === 'hardware' ? 'software, twin' : 'hardware, twin';
  throw new CommandError(EXIT.noAdapter, `--adapter is "${choice}", but: ${chosen.message} Others: ${others}`);
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
