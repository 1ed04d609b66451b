// `run --aa N ID`: measures one case against itself on the memory that a run would use.
import { runAa } from '../src/lab/measure/aa.ts';
import type { BenchCase } from '../src/lab/measure/bench-case.ts';
import { FULL_SAMPLES } from '../src/lab/measure/bench-runner.ts';
import type { AaFacts } from '../src/lab/measure/report.ts';
import type { Found } from './adapter.ts';
import { AA, BUDGET, REPEAT, wholeNumber, type CommandLine } from './arguments.ts';
import type { MigrateCase } from './cases/migrate.ts';
import { usageError } from './exit.ts';
import { watchInterrupt } from './interrupt.ts';
import { openBenchArena, type CaseResults, type Choices } from './measure-cases.ts';
import { createProgress } from './progress.ts';

export interface AaCommand {
  readonly trials: number;
  readonly bench: BenchCase;
}

/** What `--aa` asks for; null without it. Throws CommandError when the rest of the line does not fit it. */
export function aaCommand(flags: CommandLine['flags'], cases: readonly (BenchCase | MigrateCase)[]): AaCommand | null {
  const text = flags.get(AA.flag);
  if (text === undefined) return null;
  const trials = wholeNumber(AA, text, 200, 100_000);
  const beside = [REPEAT, BUDGET].find(({ flag }) => flags.has(flag));
  if (beside !== undefined) throw usageError(beside.flag, flags.get(beside.flag) ?? null, 'no such flag beside --aa');
  const [bench, ...more] = cases;
  if (bench === undefined || more.length > 0)
    throw usageError(
      'case',
      cases
        .map(({ id }) => id)
        .slice(0, 3)
        .join(' '),
      'one whole id after --aa N',
    );
  if (!('prepare' in bench)) throw usageError('case', bench.id, 'an id that does not begin with migrate');
  return { trials, bench };
}

/** Samples of one side of one trial, unless the user says: the fewest that `run` takes for a figure. */
export function aaSampling({ sampling, quick }: Choices, asked: boolean): Choices['sampling'] {
  return asked || quick ? sampling : { ...sampling, samples: FULL_SAMPLES.minSamples };
}

export async function measureAa(
  found: Found,
  { trials, bench }: AaCommand,
  { sampling, seed, quick }: Choices,
): Promise<CaseResults & { readonly aa: AaFacts | null }> {
  const interrupt = watchInterrupt();
  const now = (): number => performance.now();
  const progress = createProgress(process.stderr, now);
  const opened = await openBenchArena(found, quick);
  const { info } = opened.executor;
  process.stderr.write(`measuring on ${info.name} …\n`);
  try {
    const hooks = { now, cancelled: interrupt.requested, progress: progress.show };
    const { result, aa } = await runAa(opened.executor, bench, { trials, sampling, seed, arena: opened.size }, hooks);
    return { ...opened, result, info, aa };
  } finally {
    opened.executor.destroy();
    progress.end();
  }
}
