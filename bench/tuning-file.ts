// Tuned copy shapes in the user's cache folder: a cache that may be absent, unreadable, broken or read-only without harm.
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { NOTHING_KEPT, type KeptTuning, type TuningStore } from '../src/lab/bench/tuning.ts';
import { TuningTrialsSchema } from '../src/lab/measure/report.ts';
import { writeWhole } from './report-file.ts';

/** Shapes are judged again by whoever uses them (engine/gpu/tuning.ts): here they only have to be of the right form. */
const ShapeSchema = v.object({ lanes: v.number(), unroll: v.number(), groups: v.number() });
const FileSchema = v.object({
  schema: v.literal('pageferry-tuning'),
  schemaVersion: v.literal(1),
  table: v.record(v.string(), v.object({ up: ShapeSchema, down: ShapeSchema, within: ShapeSchema })),
  trials: v.record(v.string(), TuningTrialsSchema),
});

/** `$XDG_CACHE_HOME/pageferry/tuning.json`, or below `~/.cache`; a relative folder does not count (XDG base directories). */
export function tuningPath(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(given) ? given : join(homedir(), '.cache'), 'pageferry', 'tuning.json');
}

export function tuningFile(path: string): TuningStore {
  return {
    read: () => Promise.resolve(readKept(path)),
    add: (tuned) => Promise.resolve(keep(path, tuned)),
  };
}

function readKept(path: string): Awaited<ReturnType<TuningStore['read']>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    const absent = code === 'ENOENT' || code === 'ENOTDIR';
    return { kept: NOTHING_KEPT, note: absent ? null : `kept copy shapes were not read (${code}): ${path}` };
  }
  const kept = parse(text);
  return {
    kept: kept ?? NOTHING_KEPT,
    note: kept === null ? `kept copy shapes make no sense, ignored: ${path}` : null,
  };
}

function parse(text: string): KeptTuning | null {
  try {
    const result = v.safeParse(FileSchema, JSON.parse(text));
    return result.success ? { table: result.output.table, trials: result.output.trials } : null;
  } catch {
    return null;
  }
}

/** Another process may have added something since: what is there now is read again, and the file is replaced whole. */
function keep(path: string, tuned: KeptTuning): string | null {
  const { kept } = readKept(path);
  const file = {
    schema: 'pageferry-tuning',
    schemaVersion: 1,
    table: { ...kept.table, ...tuned.table },
    trials: { ...kept.trials, ...tuned.trials },
  };
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeWhole(path, `${JSON.stringify(file, null, 2)}\n`);
    return null;
  } catch (error) {
    return `copy shapes were tuned, but not kept (${codeOf(error)}): ${path}`;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
