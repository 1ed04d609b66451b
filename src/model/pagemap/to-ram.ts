// stub
import type { MmDevice } from '../mm/mm.ts';
import type { PagemapState } from './pagemap-state.ts';

export function createMmDevice(_state: PagemapState, _device: number): MmDevice {
  throw new Error('not yet');
}
