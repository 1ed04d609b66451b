// Host pages beside VRAM of several buffers: copies cross the buffers' ends, and one ACCESS hits the first buffer, another
// one and host memory.
import { afterAll, describe, expect } from 'vitest';
import { ACCESS_KIND, type Command } from '../../../src/engine/plan/commands.ts';
import type { Executor, ExecutorConfig } from '../../../src/engine/plan/executor.ts';
import { HostPagesExecutor, innerConfig } from '../../../src/engine/host/host-pages-executor.ts';
import { createTwinExecutor } from '../../../src/engine/twin/twin-executor.ts';
import { gpuIt, openExecutor } from '../../support/dawn.ts';
import { compareExecutors, complete } from '../../support/differential.ts';
import { BIT, PageTables } from '../../support/page-tables.ts';

const SEGMENT = 32;
const CONFIG: ExecutorConfig = {
  spaces: [
    { name: 'system', pages: 100 },
    { name: 'vram0', pages: 100 },
  ],
  segmentPages: SEGMENT,
  accessCapacity: 8,
  faultCapacity: 8,
  tlbLines: 4,
};
/** Leaves of virtual pages 0 …: frames of the first, second and last buffer of VRAM, and of host memory. */
const LEAVES = [
  { frame: 20, bits: BIT.deviceMemory },
  { frame: 40, bits: BIT.deviceMemory },
  { frame: 99, bits: BIT.deviceMemory },
  { frame: 5, bits: 0 },
  { frame: 99, bits: 0 },
] as const;

const opened: Executor[] = [];
afterAll(() => opened.forEach((executor) => executor.destroy()));

function commands(): Command[] {
  let frame = 0;
  const tables = new PageTables(1, 3, () => frame++);
  LEAVES.forEach((leaf, vpn) => tables.map(vpn, '4K', leaf.frame, leaf.bits | BIT.rw | BIT.atomic));
  const records = LEAVES.flatMap((_, vpn) => [vpn * 4096 + 8, 0, ACCESS_KIND.atomic, 1000 + vpn]);
  const list = { base: 1, count: LEAVES.length };
  return [
    { op: 'fillSeeded', space: 0, frame: 0, pages: 100, seed: 7, pageLo: 3 },
    { op: 'copy', srcSpace: 0, srcFrame: 10, dstSpace: 1, dstFrame: 10, pages: 90 },
    ...tables.take(),
    { op: 'accessLoad', base: list.base, records: Uint32Array.from(records) },
    { op: 'access', asid: 3, root: tables.root, ...list, tlb: true, chained: false },
    { op: 'copy', srcSpace: 1, srcFrame: 25, dstSpace: 0, dstFrame: 15, pages: 70 },
    { op: 'copy', srcSpace: 0, srcFrame: 0, dstSpace: 1, dstFrame: 60, pages: 40 },
    { op: 'accessResult', ...list },
  ];
}

describe('host pages beside VRAM of several buffers', () => {
  gpuIt.each(['writeBuffer', 'mapped'] as const)('%s: as on the twin with device pages', async (uploadPath) => {
    const inner = await openExecutor(innerConfig(CONFIG));
    opened.push(inner);
    const host = new HostPagesExecutor(inner, CONFIG, { uploadPath, readsAtSubmit: true });
    const job = { seq: 1, queue: 'q', label: '', commands: commands(), timed: false };
    expect(await compareExecutors(host, createTwinExecutor(CONFIG), [job])).toBeNull();
  });

  gpuIt('every access was performed (control)', async () => {
    const inner = await openExecutor(innerConfig(CONFIG));
    opened.push(inner);
    const host = new HostPagesExecutor(inner, CONFIG, { readsAtSubmit: true });
    const [done] = await complete(host, [{ seq: 1, queue: 'q', label: '', commands: commands(), timed: false }]);
    expect([...(done?.io ?? [])].filter((_, i) => i % 2 === 0)).toEqual(LEAVES.map(() => 1));
    expect(done?.faults).toHaveLength(0);
  });
});
