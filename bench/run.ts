// The verb `run`: measures cases on the best adapter at hand, prints a table, writes a report.
import type { BenchCase } from '../src/lab/measure/bench-case.ts';
import { FULL_SAMPLES, QUICK_SAMPLES } from '../src/lab/measure/bench-runner.ts';
import { environmentOf, TOOL } from '../src/lab/measure/environment.ts';
import { report, type Report } from '../src/lab/measure/report.ts';
import { reportTable } from '../src/lab/measure/table.ts';
import { DEFAULT_SCENARIO } from '../src/lab/session/scenario.ts';
import { findAdapter, type Found } from './adapter.ts';
import { SAMPLES, wholeNumber, type CommandLine } from './arguments.ts';
import { CATALOGUE } from './cases/catalogue.ts';
import type { MigrateCase } from './cases/migrate.ts';
import { EXIT, usageError } from './exit.ts';
import { nodeHost } from './host-facts.ts';
import { measureCases, type CaseResults } from './measure-cases.ts';
import { reportPath, writeReport } from './report-file.ts';
import { scenarioFromFlags } from './scenario-flags.ts';

/** Runs the verb; returns the exit status. Throws CommandError on bad usage. */
export async function runVerb(command: CommandLine): Promise<number> {
  const { flags, operands } = command;
  const cases = selectCases(operands);
  const { engine, run } = scenarioFromFlags(DEFAULT_SCENARIO, flags);
  const quick = flags.has('--quick');
  const samples = flags.get(SAMPLES.flag);
  const wanted = samples === undefined ? {} : { samples: wholeNumber(SAMPLES, samples, 5, 10_000) };
  const sampling = { ...(quick ? QUICK_SAMPLES : FULL_SAMPLES), ...wanted };
  const started = new Date();
  const path = reportPath(flags.get('--json'), started);
  const found = await findAdapter(engine.adapter, process.env);
  const result = await measureCases(found, cases, { sampling, seed: run.seed, quick });
  const chosen = {
    adapter: engine.adapter,
    seed: run.seed,
    quick,
    samples: sampling.samples,
    cases: cases.map(({ id }) => id),
  };
  const made = compose(result, { found, chosen, started });
  process.stdout.write(`${reportTable(made)}\n`);
  writeReport(path, made);
  process.stderr.write(`report: ${path}\n`);
  return statusOf(made);
}

/** Cases by id, or by the first parts of ids; all without any. */
export function selectCases(ids: readonly string[]): readonly (BenchCase | MigrateCase)[] {
  if (ids.length === 0) return CATALOGUE;
  const matches = (id: string, wanted: string): boolean => id === wanted || id.startsWith(`${wanted}.`);
  const unknown = ids.find((wanted) => !CATALOGUE.some(({ id }) => matches(id, wanted)));
  if (unknown !== undefined)
    throw usageError('case', unknown, 'ids that `list` prints, or their first parts such as copy.up');
  return CATALOGUE.filter(({ id }) => ids.some((wanted) => matches(id, wanted)));
}

interface Surroundings {
  readonly found: Found;
  /** What the user chose, as the report's scenario. */
  readonly chosen: Readonly<Record<string, unknown>>;
  readonly started: Date;
}

function compose({ result, info, warnings }: CaseResults, { found, chosen, started }: Surroundings): Report {
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
    warnings: [...warnings],
  });
}

function statusOf({ verification, partial }: Report): number {
  if ((verification?.mismatchedPages ?? 0) > 0) return EXIT.wrong;
  return partial ? EXIT.cancelled : EXIT.fine;
}
