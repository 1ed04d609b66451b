// How fast the host describes work to a device: commands of a job a second, beside a loop that never changes.
import { encodeExperiment, type EncodeCase } from '../../src/lab/bench/encode-rate.ts';
import type { ExperimentCase } from '../../src/lab/bench/experiment.ts';

const WHAT = { copy: 'copies of one page', pte: 'stores of one page-table entry' } as const;
const HOW = {
  executor: 'validated and encoded by the executor; sending it off is outside of the time',
  plan: 'turned into the words of its plan (engine/plan/encode.ts)',
} as const;

const ENCODED: readonly EncodeCase[] = [
  { id: 'encode.copy', what: 'copy', how: 'executor' },
  { id: 'encode.pte', what: 'pte', how: 'executor' },
  { id: 'encode.plan.copy', what: 'copy', how: 'plan' },
  { id: 'encode.plan.pte', what: 'pte', how: 'plan' },
  { id: 'encode.loop', what: 'loop', how: 'plan' },
];

const experiment = encodeExperiment(ENCODED);

export const ENCODE_CASES: readonly ExperimentCase[] = ENCODED.map(({ id, what, how }) => {
  const shared = { id, limit: null, tier: 'core', experiment } as const;
  if (what === 'loop')
    return {
      ...shared,
      about: 'a fixed loop of integer arithmetic: how fast this processor and its JavaScript are',
      unit: 'turns/s',
      convention: 'turns of one mix32 each, in one thread',
      peer: null,
    };
  return {
    ...shared,
    about: `a job of scattered ${WHAT[what]}, ${HOW[how]}`,
    unit: 'descriptors/s',
    convention: `commands a second of the host's thread, each ${HOW[how]}`,
    peer: 'encode.loop',
  };
});
