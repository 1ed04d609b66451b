// The verb `replay`: runs the accesses of a trace through the driver model, moves the bytes, and compares every page.
import { readFileSync } from 'node:fs';
import { GpuUnavailable } from '../src/engine/gpu/unavailable.ts';
import type { Executor } from '../src/engine/plan/executor.ts';
import type { Report } from '../src/lab/measure/report.ts';
import { reportTable } from '../src/lab/measure/table.ts';
import { executorConfig } from '../src/lab/session/machine.ts';
import { systemPagesOf } from '../src/lab/session/open-executor.ts';
import { prepareRun, type Prepared } from '../src/lab/session/prepare.ts';
import { Run, type RunOutcome } from '../src/lab/session/run.ts';
import { runReport } from '../src/lab/session/run-report.ts';
import { parseScenario, type Scenario } from '../src/lab/session/scenario.ts';
import { fieldAt } from '../src/lab/session/scenario-fields.ts';
import { TraceError, type AccessTrace } from '../src/lab/trace/access-trace.ts';
import { openTrace } from '../src/lab/trace/open.ts';
import { findAdapter, openFound, type Found } from './adapter.ts';
import { replayFields, type CommandLine } from './arguments.ts';
import { CommandError, EXIT, usageError } from './exit.ts';
import { nodeHost } from './host-facts.ts';
import { watchInterrupt } from './interrupt.ts';
import { createProgress } from './progress.ts';
import { replaySummary } from './replay-summary.ts';
import { reportPath, writeReport } from './report-file.ts';
import { scenarioFromFlags } from './scenario-flags.ts';
import { tuned } from './tune.ts';

const PROGRESS_MS = 200;

/** Runs the verb; returns the exit status. Throws CommandError on bad usage or input. */
export async function replayVerb({ flags, operands }: CommandLine): Promise<number> {
  const scenario = scenarioFromFlags(replayDefaults(), flags);
  const started = new Date();
  const path = reportPath(flags.get('--json'), started);
  const file = operands[0] as string;
  const trace = await readTrace(file);
  const found = await tuned(await findAdapter(scenario.engine.adapter, process.env), 'stored');
  const prepared = prepare(scenario, trace, found, flags);
  const executor = await open(found, prepared);
  const { run, outcome } = await replay(prepared, executor);
  const { facts, notes } = found.tuning ?? { facts: null, notes: [] };
  const report = runReport({
    run,
    outcome,
    prepared,
    info: executor.info,
    host: nodeHost(),
    kind: 'replay',
    fallback: found.chosen.fallback,
    createdAt: started.toISOString(),
    command: process.argv.slice(2).join(' '),
  });
  executor.destroy();
  const made = { ...report, notes: [...report.notes, ...notes], ...(facts === null ? {} : { tuning: facts }) };
  process.stdout.write(`${reportTable(made, replaySummary(file, made))}\n`);
  writeReport(path, made);
  process.stderr.write(`report: ${path}\n`);
  return statusOf(made, outcome);
}

/** A replay runs on the model's clock, so that every executor gives the same counters (design.md §8). */
function replayDefaults(): Scenario {
  const result = parseScenario({ workload: { name: 'trace' }, run: { clock: 'model', pace: 0 } });
  if (!result.ok) throw new Error(result.message);
  return result.scenario;
}

async function readTrace(file: string): Promise<AccessTrace> {
  const bytes = readInput(file);
  try {
    return await openTrace(file, bytes);
  } catch (error) {
    if (error instanceof TraceError) throw new CommandError(EXIT.usage, oneLine(error.message));
    throw error;
  }
}

function readInput(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw usageError('FILE', file, `a file that can be read (${code})`);
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

/** Refusals of sizes name the flag. */
function prepare(scenario: Scenario, trace: AccessTrace, found: Found, flags: ReadonlyMap<string, string>): Prepared {
  const given = new Set(replayFields().flatMap((field) => (flags.has(field.flag) ? [field.path] : [])));
  const prepared = prepareRun(scenario, trace, found.chosen, given);
  if (prepared.ok) return prepared;
  const flag = fieldAt(prepared.field)?.flag ?? prepared.field;
  throw new CommandError(EXIT.usage, prepared.message.replace(prepared.field, flag));
}

async function open(found: Found, { scenario, sizes }: Prepared): Promise<Executor> {
  const executor = await openFound(found, executorConfig(scenario, sizes), systemPagesOf(scenario));
  if (!(executor instanceof GpuUnavailable)) return executor;
  const memory = executor.reason === 'limits' || executor.reason === 'out-of-memory';
  throw new CommandError(memory ? EXIT.usage : EXIT.noAdapter, `--vram ${scenario.machine.vram}: ${executor.message}`);
}

async function replay(prepared: Prepared, executor: Executor): Promise<{ run: Run; outcome: RunOutcome }> {
  const now = (): number => performance.now();
  process.stderr.write(`replaying on ${executor.info.name} …\n`);
  const run = new Run({ ...prepared, executor, wall: now });
  const interrupt = watchInterrupt();
  interrupt.onRequest = () => run.abandon();
  const progress = createProgress(process.stderr, now);
  const { totalAccesses } = prepared.workload;
  const timer = setInterval(() => progress.show(run.outcome('done').accesses, totalAccesses, 'accesses'), PROGRESS_MS);
  try {
    const outcome = await run.start();
    return { run, outcome: interrupt.requested() ? { ...outcome, end: 'cancelled' } : outcome };
  } finally {
    clearInterval(timer);
    progress.end();
  }
}

function statusOf({ verification }: Report, { end, wrongLoads }: RunOutcome): number {
  if ((verification?.mismatchedPages ?? 0) > 0 || wrongLoads > 0) return EXIT.wrong;
  if (end === 'cancelled') return EXIT.cancelled;
  return end === 'failed' ? EXIT.unfinished : EXIT.fine;
}
