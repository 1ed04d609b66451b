// Every case of the benchmark, in the order of `list` and of the table.
import type { BenchCase } from '../../src/lab/measure/bench-case.ts';
import { COPY_CASES } from './copy.ts';
import { FAULT_CASES } from './fault.ts';
import { HOST_CASES } from './host.ts';
import { MIGRATE_CASES, type MigrateCase } from './migrate.ts';
import { PAGE_TABLE_CASES } from './page-table.ts';
import { PEER_CASES } from './peer.ts';
import { WALK_CASES } from './walk.ts';

export const CATALOGUE: readonly (BenchCase | MigrateCase)[] = [
  ...COPY_CASES,
  ...PEER_CASES,
  ...PAGE_TABLE_CASES,
  ...WALK_CASES,
  ...FAULT_CASES,
  ...HOST_CASES,
  ...MIGRATE_CASES,
];
