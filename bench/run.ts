// The verb `run`: measures cases on the best adapter at hand, prints a table, writes a report.
import { aaLines, aaWarnings } from '../src/lab/measure/aa.ts';
import type { BenchCase } from '../src/lab/measure/bench-case.ts';
import { benchWarnings } from '../src/lab/measure/bench-warnings.ts';
import { FULL_SAMPLES, QUICK_SAMPLES } from '../src/lab/measure/bench-runner.ts';
import { environmentOf, TOOL } from '../src/lab/measure/environment.ts';
import { report, type AaFacts, type Report } from '../src/lab/measure/report.ts';
import { reportTable } from '../src/lab/measure/table.ts';
import { DEFAULT_SCENARIO } from '../src/lab/session/scenario.ts';
import { aaCommand, aaSampling, measureAa } from './aa.ts';
import { findAdapter, type Found } from './adapter.ts';
import { BUDGET, FILTER, QUICK, REPEAT, SAMPLES, wholeNumber, type CommandLine } from './arguments.ts';
import { CATALOGUE } from './cases/catalogue.ts';
import type { MigrateCase } from './cases/migrate.ts';
import { EXIT, usageError } from './exit.ts';
import { nodeHost } from './host-facts.ts';
import { measureCases, type CaseResults, type Choices } from './measure-cases.ts';
import { reportPath, writeReport } from './report-file.ts';
import { scenarioFromFlags } from './scenario-flags.ts';

/** Runs the verb; returns the exit status. Throws CommandError on bad usage. */
export async function runVerb({ flags, operands }: CommandLine): Promise<number> {
  const cases = selectCases(operands, flags.get(FILTER.flag));
  const { engine, run } = scenarioFromFlags(DEFAULT_SCENARIO, flags);
  const given = { ...choicesFrom(flags), seed: run.seed };
  const aa = aaCommand(flags, cases);
  const choices = aa === null ? given : { ...given, sampling: aaSampling(given, flags.has(SAMPLES.flag)) };
  const started = new Date();
  const path = reportPath(flags.get('--json'), started);
  const found = await findAdapter(engine.adapter, process.env);
  const results = aa === null ? await measureCases(found, cases, choices) : await measureAa(found, aa, choices);
  refuseNothing(results, cases.length, flags);
  const chosen = {
    adapter: engine.adapter,
    seed: run.seed,
    quick: choices.quick,
    samples: choices.sampling.samples,
    repeat: choices.repeat,
    budgetSeconds: choices.budgetMs === null ? null : choices.budgetMs / 1000,
    cases: cases.map(({ id }) => id),
  };
  return finish(compose(results, { found, chosen, started }), path);
}

/** How to measure, from flags that are no part of a scenario. */
function choicesFrom(flags: CommandLine['flags']): Omit<Choices, 'seed'> {
  const quick = flags.has(QUICK.flag);
  const [samples, repeat, budget] = [SAMPLES, REPEAT, BUDGET].map(({ flag }) => flags.get(flag));
  const wanted = samples === undefined ? {} : { samples: wholeNumber(SAMPLES, samples, 5, 10_000) };
  return {
    quick,
    sampling: { ...(quick ? QUICK_SAMPLES : FULL_SAMPLES), ...wanted },
    repeat: repeat === undefined ? 1 : wholeNumber(REPEAT, repeat, 1, 1000),
    budgetMs: budget === undefined ? null : 1000 * secondsFrom(budget),
  };
}

function secondsFrom(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= 86_400)) throw usageError(BUDGET.flag, text, BUDGET.allowed);
  return seconds;
}

/** Cases by id, or by the first parts of ids; all without any. `filter` keeps those whose id contains it. */
export function selectCases(ids: readonly string[], filter?: string): readonly (BenchCase | MigrateCase)[] {
  const matches = (id: string, wanted: string): boolean => id === wanted || id.startsWith(`${wanted}.`);
  const unknown = ids.find((wanted) => !CATALOGUE.some(({ id }) => matches(id, wanted)));
  if (unknown !== undefined)
    throw usageError('case', unknown, 'ids that `list` prints, or their first parts such as copy.up');
  const chosen = CATALOGUE.filter(({ id }) => ids.length === 0 || ids.some((wanted) => matches(id, wanted)));
  const kept = chosen.filter(({ id }) => filter === undefined || id.includes(filter));
  if (filter === '' || kept.length === 0)
    throw usageError(FILTER.flag, filter ?? null, 'text that is in the id of a chosen case, such as 2M.physical');
  return kept;
}

/** A budget in which no case got its samples is a mistake of the command line, not a result. */
function refuseNothing({ result }: CaseResults, cases: number, flags: CommandLine['flags']): void {
  if (result.metrics.length > 0 || result.partial || result.leftOut.length === 0) return;
  throw usageError(
    BUDGET.flag,
    flags.get(BUDGET.flag) ?? null,
    `more seconds: in these, none of ${cases} cases got its least samples`,
  );
}

interface AaMade {
  readonly aa: AaFacts | null;
}

interface Surroundings {
  readonly found: Found;
  /** What the user chose, as the report's scenario. */
  readonly chosen: Readonly<Record<string, unknown>>;
  readonly started: Date;
}

function compose(
  { result, info, size, stepped, aa = null }: CaseResults & Partial<AaMade>,
  { found, chosen, started }: Surroundings,
): Report {
  return report({
    createdAt: started.toISOString(),
    tool: { ...TOOL, command: process.argv.slice(2).join(' ') },
    environment: environmentOf({ host: nodeHost(), info, clock: result.clock, fallback: found.chosen.fallback }),
    scenario: { ...chosen },
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
    notes: [],
    partial: result.partial,
    ...(aa === null ? {} : { aa }),
    warnings: [...stepped, ...benchWarnings(result, info, size), ...aaWarnings(aa)],
  });
}

function finish(made: Report, path: string): number {
  process.stdout.write(`${reportTable(made, made.aa === undefined ? [] : aaLines(made.aa))}\n`);
  writeReport(path, made);
  process.stderr.write(`report: ${path}\n`);
  return statusOf(made);
}

function statusOf({ verification, partial }: Report): number {
  if ((verification?.mismatchedPages ?? 0) > 0) return EXIT.wrong;
  return partial ? EXIT.cancelled : EXIT.fine;
}
