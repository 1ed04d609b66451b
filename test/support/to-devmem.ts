// Set-up of the migrate_to_devmem tests: sixteen written pages, an allocation for them, the call under mmapLock.
import { isErrno, type Status } from '../../src/base/errno.ts';
import type { DevmemAllocation, DevmemOps } from '../../src/model/pagemap/devmem.ts';
import { type MigrateDetails, migrateToDevmem } from '../../src/model/pagemap/to-devmem.ts';
import type { Op } from '../../src/model/sched/op.ts';
import { Machine, type MachineOptions, TEST_CAUSE } from './fake-devmem.ts';

export const START = 0x200;
export const END = 0x210;

export async function setUp(options: MachineOptions = {}): Promise<Machine> {
  const m = new Machine(options);
  m.mm.mmap(START, 0x200);
  await m.run(m.fill(START, END));
  return m;
}

export function allocate(m: Machine, pages = 16, ops?: DevmemOps): DevmemAllocation {
  const allocation = m.device.allocate(m.mm, START, pages, ops);
  if (isErrno(allocation)) throw new Error(allocation);
  return allocation;
}

/** `migrateToDevmem` under mmapLock. */
export function* into(
  m: Machine,
  a: DevmemAllocation,
  start = START,
  end = END,
  more: Partial<MigrateDetails> = {},
): Op<Status> {
  yield* m.mm.mmapLock.read();
  const details = { timesliceNs: 0, canMigrateSamePagemap: false, ...more };
  const status = yield* migrateToDevmem(a, m.mm, start, end, details, TEST_CAUSE);
  m.mm.mmapLock.unlockRead();
  return status;
}

export const expected = (start = START, end = END) => Array.from({ length: end - start }, (_, i) => 1000 + start + i);
