// Puts a benchmark's results and what is known about its surroundings into one report, the same on every host.
import { aaWarnings } from '../measure/aa.ts';
import { benchWarnings } from '../measure/bench-warnings.ts';
import { environmentOf, TOOL } from '../measure/environment.ts';
import { report, type AaFacts, type Report } from '../measure/report.ts';
import type { BenchHost } from './bench-host.ts';
import type { Choices } from './choices.ts';
import type { CaseResults } from './measure-cases.ts';
import type { Selection } from './select-cases.ts';

export interface Surroundings {
  readonly host: Pick<BenchHost, 'facts' | 'fallback' | 'tuning'>;
  readonly selection: Pick<Selection, 'cases' | 'added'>;
  readonly choices: Choices;
  /** The adapter that was asked for. */
  readonly adapter: string;
  /** What a user typed; '' on a page. */
  readonly command: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** `aa` is there only in A/A mode, one of each case. */
export function composeReport(
  { result, info, size, stepped, aa = [] }: CaseResults & { readonly aa?: readonly AaFacts[] },
  { host, selection, choices, adapter, command, createdAt }: Surroundings,
): Report {
  return report({
    createdAt,
    tool: { ...TOOL, command },
    environment: environmentOf({ host: host.facts, info, clock: result.clock, fallback: host.fallback }),
    scenario: scenarioOf(selection, choices, adapter),
    run: {
      kind: 'bench',
      executor: info.kind,
      clock: 'live',
      copyMode: 'both',
      wait: 'wait',
      systemPages: 'device',
      seconds: result.seconds,
    },
    metrics: [...result.metrics],
    counters: { ...result.counters },
    verification: result.verification,
    eventHash: null,
    notes: [...(host.tuning?.notes ?? [])],
    partial: result.partial,
    ...aaPart(aa),
    ...tuningPart(host.tuning),
    warnings: [...stepped, ...benchWarnings(result, info, size), ...aa.flatMap(aaWarnings)],
  });
}

/** Older readers know one. */
function aaPart(aa: readonly AaFacts[]): Pick<Report, 'aa' | 'aaCases'> {
  const [first, ...more] = aa;
  if (first === undefined) return {};
  return more.length === 0 ? { aa: first } : { aa: first, aaCases: [...aa] };
}

/** Absent of what ran on the twin, which has no shapes, and where nobody asked. */
function tuningPart(tuning: BenchHost['tuning']): Pick<Report, 'tuning'> {
  const facts = tuning?.facts ?? null;
  return facts === null ? {} : { tuning: facts };
}

/** What somebody chose, as the report's scenario. */
function scenarioOf(
  { cases, added }: Surroundings['selection'],
  choices: Choices,
  adapter: string,
): Report['scenario'] {
  const { seed, quick, sampling, repeat, budgetMs } = choices;
  return {
    adapter,
    seed,
    quick,
    samples: sampling.samples,
    repeat,
    budgetSeconds: budgetMs === null ? null : budgetMs / 1000,
    cases: cases.map(({ id }) => id).filter((id) => !added.has(id)),
  };
}
