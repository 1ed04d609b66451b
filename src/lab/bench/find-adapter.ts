// What a benchmark runs on, by the choice of its user: `auto` is hardware, else software, else the twin, and says why.
import { GpuUnavailable } from '../../engine/gpu/unavailable.ts';
import { chooseExecutor, TWIN, type AdapterChoice, type ChosenAdapter } from '../session/open-executor.ts';

/** One of a known kind: how much memory is measured depends on it. */
export async function findBenchAdapter(
  gpu: GPU | undefined,
  choice: AdapterChoice,
): Promise<ChosenAdapter | GpuUnavailable> {
  if (choice !== 'auto') return chooseExecutor(gpu, choice);
  const hardware = await chooseExecutor(gpu, 'hardware');
  return hardware instanceof GpuUnavailable ? softwareOrTwin(gpu) : hardware;
}

/** Where there is no hardware. */
export async function softwareOrTwin(gpu: GPU | undefined): Promise<ChosenAdapter> {
  const software = await chooseExecutor(gpu, 'software');
  if (software instanceof GpuUnavailable) return { ...TWIN, fallback: `no adapter was found: ${software.message}` };
  return { ...software, fallback: 'no hardware adapter was found' };
}
