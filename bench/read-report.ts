// A report from a file that may be anything: read whole and judged, or refused in one line that names file and field.
import { readFileSync } from 'node:fs';
import { duplicateId } from '../src/lab/measure/compare.ts';
import { parseReport, type Report } from '../src/lab/measure/report.ts';
import { CommandError, EXIT, usageError } from './exit.ts';

/** What a foreign file says about itself may be long. */
const MOST_TEXT = 300;

/** `what` is what the help calls the file. Throws CommandError (2). */
export function readReport(what: string, file: string): Report {
  const parsed = parseReport(jsonOf(what, file));
  if (!parsed.ok) throw invalid(file, parsed.message);
  const twice = duplicateId(parsed.report);
  if (twice !== null)
    throw invalid(
      file,
      `metrics.${twice.index}.id is ${JSON.stringify(twice.id)}, allowed: an id that no other metric has`,
    );
  return parsed.report;
}

function jsonOf(what: string, file: string): unknown {
  const text = textOf(what, file);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(
      file,
      `the file is no JSON (${(error as Error).message}), allowed: a report that run or replay wrote`,
    );
  }
}

function textOf(what: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw usageError(what, file, `a report that can be read (${code})`);
  }
}

function invalid(file: string, problem: string): CommandError {
  const line = problem.replaceAll(/\s+/g, ' ');
  const short = line.length > MOST_TEXT ? `${line.slice(0, MOST_TEXT)}…` : line;
  return new CommandError(EXIT.usage, `${file}: ${short}`);
}
