// Judges a request for a benchmark before anything runs: what it chooses, how it measures, or what is wrong with it.
import type { BenchCase } from '../measure/bench-case.ts';
import type { BenchRequest } from './bench-protocol.ts';
import { aaSampling, BOUNDS, isWithin, samplingOf, type Bounds, type Choices } from './choices.ts';
import type { AnyCase } from './experiment.ts';
import { selectCases, type Selection } from './select-cases.ts';

export interface Judged {
  readonly ok: true;
  readonly request: BenchRequest;
  readonly selection: Selection;
  readonly choices: Choices;
  /** Each of these cases against itself; null: cases as they are. */
  readonly aa: { readonly benches: readonly BenchCase[]; readonly trials: number } | null;
}

export interface Refused {
  readonly ok: false;
  /** A field of the request, or `case` for one of its ids. */
  readonly field: keyof BenchRequest | 'case';
  readonly given: string;
  readonly allowed: string;
}

export function judgeRequest(catalogue: readonly AnyCase[], request: BenchRequest): Judged | Refused {
  const problem = numberProblem(request) ?? besideAa(request);
  if (problem !== null) return problem;
  // A case against itself needs no others.
  const selection = selectCases(catalogue, { ...request, peers: request.peers && request.aa === null });
  if (!selection.ok) return refusal(selection.refused, selection.given, selection.allowed);
  const choices = choicesOf(request);
  if (request.aa === null) return { ok: true, request, selection, choices, aa: null };
  const benches = request.ids.length === 0 && request.filter === null ? [] : selection.cases;
  const wrong = besideJobs(benches);
  if (wrong !== null) return wrong;
  return {
    ok: true,
    request,
    selection,
    choices: { ...choices, sampling: aaSampling(choices, request.samples !== null) },
    aa: { benches: benches.filter((one) => 'prepare' in one), trials: request.aa },
  };
}

function refusal(field: Refused['field'], given: string, allowed: string): Refused {
  return { ok: false, field, given, allowed };
}

function numberProblem(request: BenchRequest): Refused | null {
  for (const [field, bounds] of Object.entries(BOUNDS) as [keyof typeof BOUNDS, Bounds][]) {
    const value = request[field];
    if (value !== null && !isWithin(value, bounds)) return refusal(field, String(value), bounds.allowed);
  }
  return null;
}

function besideAa({ aa, repeat, budgetSeconds }: BenchRequest): Refused | null {
  if (aa === null) return null;
  if (repeat !== 1) return refusal('repeat', String(repeat), '1 beside A/A');
  return budgetSeconds === null ? null : refusal('budgetSeconds', String(budgetSeconds), 'none beside A/A');
}

/** Trials take minutes for each case: nobody means the whole core. */
function besideJobs(cases: readonly AnyCase[]): Refused | null {
  const allowed = 'ids of jobs for A/A, such as copy.up.2M.physical';
  if (cases.length === 0) return refusal('case', '', allowed);
  const other = cases.find((one) => !('prepare' in one));
  return other === undefined ? null : refusal('case', other.id, allowed);
}

function choicesOf({ quick, samples, seed, repeat, budgetSeconds }: BenchRequest): Choices {
  const budgetMs = budgetSeconds === null ? null : 1000 * budgetSeconds;
  return { quick, sampling: samplingOf(quick, samples), seed, repeat, budgetMs };
}
