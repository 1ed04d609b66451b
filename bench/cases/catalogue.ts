// Every case of the benchmark, in the order of `list` and of the table.
import type { AnyCase } from '../../src/lab/bench/experiment.ts';
import { BOTH_CASES } from './both.ts';
import { COPY_CASES } from './copy.ts';
import { ENCODE_CASES } from './encode.ts';
import { FAULT_BATCH_CASES } from './fault-batch.ts';
import { FAULT_CASES } from './fault.ts';
import { FILL_CASES } from './fill.ts';
import { HASH_CASES } from './hash.ts';
import { HOST_CASES } from './host.ts';
import { MIGRATE_CASES, PING_PONG_CASES } from './migrate.ts';
import { PAGE_TABLE_CASES } from './page-table.ts';
import { PAGE_TABLE_WRITE_CASES } from './page-table-write.ts';
import { PEER_CASES } from './peer.ts';
import { WALK_CASES } from './walk.ts';

export const CATALOGUE: readonly AnyCase[] = [
  ...COPY_CASES,
  ...BOTH_CASES,
  ...PEER_CASES,
  ...FILL_CASES,
  ...HASH_CASES,
  ...PAGE_TABLE_WRITE_CASES,
  ...PAGE_TABLE_CASES,
  ...WALK_CASES,
  ...FAULT_CASES,
  ...ENCODE_CASES,
  ...FAULT_BATCH_CASES,
  ...HOST_CASES,
  ...MIGRATE_CASES,
  ...PING_PONG_CASES,
];
