// Spans to migrate, for tests: a machine with written pages, and a collection that is put back.
import {
  MIGRATE_SELECT,
  migrateVmaFinalize,
  migrateVmaPages,
  migrateVmaSetup,
  type MigrateVma,
} from '../../../src/model/mm/migrate.ts';
import { ptePfn } from '../../../src/model/mm/page-table.ts';
import { Machine } from './machine.ts';

/** Sixteen mapped pages from 0 on; page v < `pages` holds 100 + v. */
export async function machineWith(pages: number, options: { system?: number } = {}): Promise<Machine> {
  const machine = new Machine(options);
  machine.mm.mmap(0, 16);
  for (let vpn = 0; vpn < pages; vpn++) await machine.touch(vpn, 100 + vpn);
  return machine;
}

export function pfnAt(machine: Machine, vpn: number): number {
  return ptePfn(machine.mm.table.get(vpn));
}

/** Collects, looks, and puts everything back. */
export function collect(machine: Machine, m: MigrateVma, look: () => void = () => {}): Promise<unknown> {
  return machine.run(
    (function* () {
      const status = yield* migrateVmaSetup(m);
      if (status !== 0) return status;
      look();
      yield* migrateVmaPages(m);
      migrateVmaFinalize(m);
      return 0;
    })(),
  );
}

export function spanOf(
  machine: Machine,
  start: number,
  end: number,
  select: number = MIGRATE_SELECT.SYSTEM,
): MigrateVma {
  return machine.device.migration(machine.mm, machine.mm.findVma(start), start, end, select);
}
