// Measures in a headless browser, through the same session protocol as the page; the report is the same as a run's here.
import type { BenchFailureReason, BenchRequest } from '../src/lab/bench/bench-protocol.ts';
import type { Report } from '../src/lab/measure/report.ts';
import { openBrowser, type Answer, type OpenBrowser } from './browser-process.ts';
import { CommandError, EXIT } from './exit.ts';
import { nodeHost } from './host-facts.ts';
import type { Interrupt } from './interrupt.ts';
import { createProgress } from './progress.ts';
import { tuningFile, tuningPath } from './tuning-file.ts';

const STATUS: Readonly<Record<BenchFailureReason, number>> = {
  refused: EXIT.usage,
  busy: EXIT.unfinished,
  'no-adapter': EXIT.noAdapter,
  'device-lost': EXIT.unfinished,
  unfinished: EXIT.unfinished,
  bug: EXIT.unfinished,
};

/**
 * `auto` tries a browser with the machine's own drivers first, then one with the software driver. Throws CommandError: no
 * browser, no adapter of the kind asked for (3), a browser that ended (4).
 */
export async function runInBrowser(request: BenchRequest, interrupt: Interrupt): Promise<Report> {
  const { adapter } = request;
  if (adapter === 'auto') {
    const made = await attempt('hardware', { ...request, adapter: 'hardware' }, interrupt);
    if (made.type === 'bench-result') return withScenario(made.report, adapter);
    if (made.reason !== 'no-adapter') throw failure(made);
  }
  const made = await attempt(adapter === 'hardware' ? 'hardware' : 'software', request, interrupt);
  if (made.type === 'bench-result') return made.report;
  throw failure(made);
}

async function attempt(kind: 'hardware' | 'software', request: BenchRequest, interrupt: Interrupt): Promise<Answer> {
  const browser = await openBrowser(kind);
  try {
    if (interrupt.requested()) throw new CommandError(EXIT.cancelled, 'stopped before anything was measured');
    interrupt.onRequest = () => browser.send({ type: 'bench-cancel' });
    return await measured(browser, request);
  } finally {
    interrupt.onRequest = () => {};
    browser.close();
  }
}

async function measured(browser: OpenBrowser, request: BenchRequest): Promise<Answer> {
  const line = createProgress(process.stderr, () => performance.now());
  const store = tuningFile(tuningPath(process.env));
  const { kept } = await store.read();
  browser.send({
    type: 'bench',
    ...request,
    machine: machineOf(browser),
    tuning: { ...request.tuning, kept },
  });
  let began = false;
  try {
    const answer = await browser.answer(({ done, total, label }) => {
      // Not before: a browser without the adapter that was asked for measures nothing.
      if (!began) process.stderr.write(`measuring in ${browser.name} …\n`);
      began = true;
      line.show(done, total, label);
    });
    if (answer.type !== 'bench-result') return answer;
    if (answer.tuned !== null) await store.add(answer.tuned);
    return answer;
  } finally {
    line.end();
  }
}

/** A page is not told what machine it is on; the command that opened it knows. */
function machineOf({ name }: OpenBrowser): BenchRequest['machine'] {
  const { runtime: _runtime, version: _version, ...machine } = nodeHost();
  return { ...machine, versions: { browser: name } };
}

function withScenario(report: Report, adapter: string): Report {
  return { ...report, scenario: { ...report.scenario, adapter } };
}

function failure({ reason, message }: Extract<Answer, { type: 'bench-failed' }>): CommandError {
  return new CommandError(STATUS[reason], `in the browser: ${message}`);
}
