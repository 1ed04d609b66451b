// The verb `alternate`: the same cases in Node and in a browser, run after run in turns, and the ratio of each figure.
import { alternation, FEWEST_RUNS, turnsOf, type Alternation } from '../src/lab/bench/alternation.ts';
import type { Judged } from '../src/lab/bench/judge-request.ts';
import type { Report } from '../src/lab/measure/report.ts';
import { comparisonTable } from '../src/lab/measure/compare-table.ts';
import type { Found } from './adapter.ts';
import { numberFrom, RUNS, type CommandLine } from './arguments.ts';
import { CommandError, EXIT } from './exit.ts';
import { watchInterrupt, type Interrupt } from './interrupt.ts';
import { reportPath, writeWhole } from './report-file.ts';
import { judgedRequest } from './request.ts';
import { foundAdapter, runHere } from './run.ts';
import { runInBrowser } from './run-in-browser.ts';

/** Runs the verb; returns the exit status. Throws CommandError on bad usage, and where either side cannot be measured. */
export async function alternateVerb(line: CommandLine): Promise<number> {
  const text = line.flags.get(RUNS.flag);
  const bounds = { whole: true, min: FEWEST_RUNS, max: 1000, allowed: RUNS.allowed };
  const runs = text === undefined ? FEWEST_RUNS : numberFrom(RUNS, text, bounds);
  const judged = judgedRequest(line, process.argv.slice(2).join(' '));
  const path = reportPath(line.flags.get('--json'), new Date(), 'alternation');
  const interrupt = watchInterrupt();
  const found = await foundAdapter(judged.request);
  const { node, browser } = await alternate(found, judged, runs, interrupt);
  const whole = Math.min(node.length, browser.length);
  if (whole === 0) throw new CommandError(EXIT.cancelled, 'stopped before both sides had a whole run');
  return finish(alternation(node.slice(0, whole), browser.slice(0, whole), whole < runs), path);
}

/** Whole runs of each side; one that was cut short is dropped. */
async function alternate(
  found: Found,
  judged: Judged,
  runs: number,
  interrupt: Interrupt,
): Promise<{ node: Report[]; browser: Report[] }> {
  const sides = { node: [] as Report[], browser: [] as Report[] };
  for (const [index, side] of turnsOf(runs).entries()) {
    if (interrupt.requested()) break;
    const name = side === 'a' ? 'node' : 'browser';
    process.stderr.write(`run ${index + 1} of ${2 * runs}, in ${name}\n`);
    const turn = withSeed(judged, judged.request.seed + Math.floor(index / 2));
    const made = await wholeRun(interrupt, () =>
      name === 'node' ? runHere(found, turn, interrupt) : runThere(found, turn, interrupt),
    );
    if (made !== null) sides[name].push(made);
  }
  return sides;
}

/** Null where Ctrl-C cut it short, whether it was under way or only beginning. */
async function wholeRun(interrupt: Interrupt, run: () => Promise<Report>): Promise<Report | null> {
  try {
    const made = await run();
    return made.partial ? null : made;
  } catch (error) {
    if (interrupt.requested()) return null;
    throw error;
  }
}

/** Both sides of a pair measure the same; each pair another order of cases and other places. */
function withSeed({ request, choices, ...rest }: Judged, sum: number): Judged {
  const seed = sum >>> 0;
  return { ...rest, request: { ...request, seed }, choices: { ...choices, seed } };
}

/** On an adapter of the kind that was found here: two kinds would be compared otherwise. */
function runThere({ chosen }: Found, { request }: Judged, interrupt: Interrupt): Promise<Report> {
  return runInBrowser({ ...request, adapter: chosen.kind === 'any' ? 'hardware' : chosen.kind }, interrupt);
}

function finish(made: Alternation, path: string): number {
  const { runs, partial, comparison, a, b } = made;
  process.stdout.write(
    [
      `A is Node, B is the browser: ${runs} runs of each, in turns${partial ? ' (stopped before the end)' : ''}`,
      comparisonTable(comparison),
      '',
    ].join('\n'),
  );
  writeWhole(path, `${JSON.stringify(made, null, 2)}\n`);
  process.stderr.write(`alternation: ${path}\n`);
  if ([a, b].some(({ verification }) => (verification?.mismatchedPages ?? 0) > 0)) return EXIT.wrong;
  return partial ? EXIT.cancelled : EXIT.fine;
}
