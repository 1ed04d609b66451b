// From a command line to a request for a benchmark; refusals name the flag that was given, not the field behind it.
import type { BenchRequest } from '../src/lab/bench/bench-protocol.ts';
import { BOUNDS } from '../src/lab/bench/choices.ts';
import { judgeRequest, type Judged, type Refused } from '../src/lab/bench/judge-request.ts';
import { NOTHING_KEPT } from '../src/lab/bench/tuning.ts';
import { DEFAULT_SCENARIO } from '../src/lab/session/scenario.ts';
import {
  AA,
  ALL,
  BUDGET,
  FILTER,
  NO_PEERS,
  numberFrom,
  QUICK,
  REPEAT,
  SAMPLES,
  type CommandLine,
  type FlagSpec,
} from './arguments.ts';
import { CATALOGUE } from './cases/catalogue.ts';
import { usageError } from './exit.ts';
import { scenarioFromFlags } from './scenario-flags.ts';
import { tuningMode } from './tune.ts';

const FLAG_OF: Readonly<Partial<Record<Refused['field'], string>>> = {
  filter: FILTER.flag,
  samples: SAMPLES.flag,
  repeat: REPEAT.flag,
  budgetSeconds: BUDGET.flag,
  aa: AA.flag,
};

/** What the line asks for, judged. Throws CommandError. */
export function judgedRequest(line: CommandLine, command: string): Judged {
  const judged = judgeRequest(CATALOGUE, requestFrom(line, command));
  if (judged.ok) return judged;
  const { field, given, allowed } = judged;
  throw usageError(FLAG_OF[field] ?? field, given, allowed);
}

function requestFrom({ flags, operands }: CommandLine, command: string): BenchRequest {
  const { engine, run } = scenarioFromFlags(DEFAULT_SCENARIO, flags);
  const number = (spec: FlagSpec, bounds: Parameters<typeof numberFrom>[2]): number | null => {
    const text = flags.get(spec.flag);
    return text === undefined ? null : numberFrom(spec, text, bounds);
  };
  return {
    ids: operands,
    all: flags.has(ALL.flag),
    filter: flags.get(FILTER.flag) ?? null,
    peers: !flags.has(NO_PEERS.flag),
    adapter: engine.adapter,
    quick: flags.has(QUICK.flag),
    samples: number(SAMPLES, BOUNDS.samples),
    seed: run.seed,
    repeat: number(REPEAT, BOUNDS.repeat) ?? 1,
    budgetSeconds: number(BUDGET, BOUNDS.budgetSeconds),
    aa: number(AA, BOUNDS.aa),
    machine: {},
    tuning: { mode: tuningMode(flags), kept: NOTHING_KEPT },
    command,
  };
}
