// The verb `run`: measures cases on the best adapter at hand, prints a table, writes a report.
import type { BenchRequest } from '../src/lab/bench/bench-protocol.ts';
import { BenchFailure } from '../src/lab/bench/experiment.ts';
import type { Judged } from '../src/lab/bench/judge-request.ts';
import { runRequest } from '../src/lab/bench/run-request.ts';
import { aaLines } from '../src/lab/measure/aa.ts';
import type { Report } from '../src/lab/measure/report.ts';
import { reportTable } from '../src/lab/measure/table.ts';
import { findAdapter, type Found } from './adapter.ts';
import { BUDGET, IN, type CommandLine } from './arguments.ts';
import { CommandError, EXIT, usageError } from './exit.ts';
import { watchInterrupt, type Interrupt } from './interrupt.ts';
import { nodeBenchHost } from './node-host.ts';
import { reportPath, writeReport } from './report-file.ts';
import { judgedRequest } from './request.ts';
import { runInBrowser } from './run-in-browser.ts';
import { tuned } from './tune.ts';

/** Runs the verb; returns the exit status. Throws CommandError on bad usage. */
export async function runVerb(line: CommandLine): Promise<number> {
  const elsewhere = inBrowser(line.flags);
  const judged = judgedRequest(line, process.argv.slice(2).join(' '));
  const path = reportPath(line.flags.get('--json'), new Date());
  const interrupt = watchInterrupt();
  const made = elsewhere
    ? await runInBrowser(judged.request, interrupt)
    : await runHere(await foundAdapter(judged.request), judged, interrupt);
  refuseNothing(made, judged);
  return finish(made, path);
}

function inBrowser(flags: CommandLine['flags']): boolean {
  const where = flags.get(IN.flag) ?? 'node';
  if (where !== 'node' && where !== 'browser') throw usageError(IN.flag, where, IN.allowed);
  return where === 'browser';
}

/** The adapter in this process, with its copy shapes. Throws CommandError as `findAdapter` does. */
export async function foundAdapter({ adapter, tuning }: BenchRequest): Promise<Found> {
  return tuned(await findAdapter(adapter, process.env), tuning.mode);
}

/** Measures in this process. Reasons of the device become exit statuses. */
export async function runHere(found: Found, judged: Judged, interrupt: Interrupt): Promise<Report> {
  const host = nodeBenchHost(found, interrupt);
  try {
    return await runRequest(host, judged, new Date().toISOString());
  } catch (error) {
    if (!(error instanceof BenchFailure)) throw error;
    throw new CommandError(error.reason === 'no-memory' ? EXIT.noAdapter : EXIT.unfinished, error.message);
  } finally {
    host.end();
  }
}

/** A budget in which no case got its samples is a mistake of the command line, not a result. */
function refuseNothing({ metrics, partial }: Report, { request, selection }: Judged): void {
  if (request.budgetSeconds === null || metrics.length > 0 || partial) return;
  throw usageError(
    BUDGET.flag,
    String(request.budgetSeconds),
    `more seconds: in these, none of ${selection.cases.length} cases got its least samples`,
  );
}

function finish(made: Report, path: string): number {
  const aa = made.aaCases ?? (made.aa === undefined ? [] : [made.aa]);
  process.stdout.write(`${reportTable(made, aa.flatMap(aaLines))}\n`);
  writeReport(path, made);
  process.stderr.write(`report: ${path}\n`);
  return statusOf(made);
}

function statusOf({ verification, partial }: Report): number {
  if ((verification?.mismatchedPages ?? 0) > 0) return EXIT.wrong;
  return partial ? EXIT.cancelled : EXIT.fine;
}
