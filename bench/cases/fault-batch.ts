// Batches of faults through the driver model, from the ring to the replay, and what their time goes to.
import type { ExperimentCase } from '../../src/lab/bench/experiment.ts';
import { faultBatchExperiment, type BatchPart } from '../../src/lab/bench/fault-batch.ts';

const FAULTS = [1, 4, 16, 64, 256, 1024, 4096] as const;
const CORE = 256;
const MODES = ['pipelined', 'wait'] as const;

/** '' is the whole. */
const PARTS: readonly { readonly part: BatchPart; readonly about: string; readonly convention: string }[] = [
  {
    part: '',
    about: 'from the submission of the access until the completion of its replay is in hand',
    convention:
      'wall time of one batch, every page a range of its own: fault records, service, migration, bind, replay',
  },
  {
    part: 'floor',
    about: 'two bare trips, the copy and the service of the model: what the whole is compared with',
    convention: '2 × bare + copy + service of the same round',
  },
  {
    part: 'bar',
    about: 'the whole over its floor',
    convention: 'ratio of the same round; low and high bound the 95 % interval of the median',
  },
  {
    part: 'bare',
    about: 'the smallest job that reads something back',
    convention: 'wall time from submission until it is in hand; the median of three a round',
  },
  {
    part: 'ring',
    about: 'until the fault records are in hand',
    convention: 'wall time from the submission of the access',
  },
  {
    part: 'service',
    about: 'the code of the driver model',
    convention: 'wall time inside the scheduler, from the records in hand to the end of the batch',
  },
  {
    part: 'copy',
    about: 'as many scattered pages copied by one job alone',
    convention: 'time on the clock of the device; without one, wall time beyond that of a bare trip',
  },
  {
    part: 'handover',
    about: 'jobs handed to the executor',
    convention: 'wall time of validating, encoding and submitting, from the records in hand to the end of the batch',
  },
  {
    part: 'waits',
    about: 'waiting for the device after the records are in hand',
    convention: 'what the other parts leave of the whole',
  },
];

export const FAULT_BATCH_CASES: readonly ExperimentCase[] = FAULTS.flatMap((faults) =>
  MODES.flatMap((wait) => casesOf(faults, wait)),
);

function casesOf(faults: number, wait: (typeof MODES)[number]): ExperimentCase[] {
  const whole = `fault.batch.${faults}.${wait}`;
  const experiment = faultBatchExperiment({ faults, wait, id: whole });
  const subject = `${faults} fault${faults > 1 ? 's' : ''} served, ${wait} mode`;
  return PARTS.map(({ part, about, convention }) => ({
    id: part === '' ? whole : `${whole}.${part}`,
    about: `${subject}: ${about}`,
    unit: part === 'bar' ? 'ratio' : 'ns',
    convention,
    peer: part === '' ? `${whole}.floor` : null,
    limit: null,
    tier: faults === CORE ? 'core' : 'more',
    experiment,
  }));
}
