// Reads the command line: verb, operands and flags, each judged by name before anything runs.
//
// Not `cac`: it turns text into numbers and takes `--timeslice -1` for two flags, and so could not repeat what was given.
import { parseArgs } from 'node:util';
import { scenarioFields, type FieldInfo } from '../src/lab/session/scenario-fields.ts';
import { EXIT, CommandError, usageError } from './exit.ts';

export const VERBS = ['list', 'run', 'replay', 'compare', 'export', 'help'] as const;
export type Verb = (typeof VERBS)[number];

export interface FlagSpec {
  /** With two dashes. */
  readonly flag: string;
  /** Placeholder of its value in the help; null for a switch. */
  readonly value: string | null;
  readonly help: string;
  readonly allowed: string;
}

export interface CommandLine {
  readonly verb: Verb;
  readonly operands: readonly string[];
  /** Text of each flag given, by its name with dashes; '' for a switch. The last one wins. */
  readonly flags: ReadonlyMap<string, string>;
}

/** Fields of a scenario that a replay does not take from its user: the trace brings them. */
const GENERATED_ONLY = new Set([
  'name',
  'footprintBytes',
  'writePercent',
  'atomicPercent',
  'stridePages',
  'cpuPercent',
]);

/** Scenario fields that `replay` has flags for. */
export function replayFields(): readonly FieldInfo[] {
  return scenarioFields().filter((field) => !GENERATED_ONLY.has(field.path.replace('workload.', '')));
}

const ADAPTER = fieldFlag(scenarioFields().find((field) => field.path === 'engine.adapter') as FieldInfo);
const SEED = fieldFlag(scenarioFields().find((field) => field.path === 'run.seed') as FieldInfo);
const JSON_FILE: FlagSpec = {
  flag: '--json',
  value: 'FILE',
  help: 'Write the report here instead of pageferry-report-<time>.json.',
  allowed: 'a file in a folder that exists',
};
export const SAMPLES: FlagSpec = {
  flag: '--samples',
  value: 'N',
  help: 'Samples of each case (default 30, with --quick 9).',
  allowed: 'a whole number from 5 to 10000',
};
export const QUICK: FlagSpec = {
  flag: '--quick',
  value: null,
  help: 'Fewer samples on less memory: within a minute on two cores.',
  allowed: 'no value',
};

export const FILTER: FlagSpec = {
  flag: '--filter',
  value: 'TEXT',
  help: 'Of the cases chosen, those whose id contains this.',
  allowed: 'text that is in an id such as 2M.physical',
};
export const REPEAT: FlagSpec = {
  flag: '--repeat',
  value: 'N',
  help: 'Measure the whole selection so often, each time in another order; samples are joined.',
  allowed: 'a whole number from 1 to 1000',
};
export const BUDGET: FlagSpec = {
  flag: '--budget',
  value: 'SECONDS',
  help: 'Stop sampling in this time. Cases without enough samples by then are left out, and named.',
  allowed: 'a number above 0 up to 86400',
};
export const AA: FlagSpec = {
  flag: '--aa',
  value: 'N',
  help: 'Run one case against itself so often, and say how often compare would claim a difference.',
  allowed: 'a whole number from 200 to 100000',
};
const COMPARISON_FILE: FlagSpec = { ...JSON_FILE, help: 'Write the comparison as JSON too.' };
export const FAIL_ON_REGRESSION: FlagSpec = {
  flag: '--fail-on-regression',
  value: 'PERCENT',
  help: 'End with 1 when a figure is worse by more than this, and the test shows it to be slower.',
  allowed: 'a number from 0 to 1000',
};
export const TO: FlagSpec = {
  flag: '--to',
  value: 'FORM',
  help: 'What to write.',
  allowed: 'csv, markdown, gbench, openmetrics',
};
export const OUT: FlagSpec = {
  flag: '--out',
  value: 'FILE',
  help: 'Write here instead of to standard output.',
  allowed: 'a file in a folder that exists',
};

/** Flags of each verb. */
export const FLAGS: Readonly<Record<Verb, readonly FlagSpec[]>> = {
  list: [],
  run: [QUICK, SAMPLES, SEED, ADAPTER, FILTER, REPEAT, BUDGET, AA, JSON_FILE],
  replay: [...replayFields().map(fieldFlag), JSON_FILE],
  compare: [COMPARISON_FILE, FAIL_ON_REGRESSION],
  export: [TO, OUT],
  help: [],
};

/** What a verb takes besides flags: names of the files in turn, and what they are called together. */
const FILES: Readonly<Partial<Record<Verb, { readonly names: readonly string[]; readonly all: string }>>> = {
  replay: { names: ['FILE'], all: 'one trace file' },
  compare: { names: ['A', 'B'], all: 'two reports' },
  export: { names: ['REPORT'], all: 'one report' },
};

function fieldFlag({ flag, kind, help, allowed }: FieldInfo): FlagSpec {
  return { flag, value: kind.toUpperCase(), help, allowed };
}

/** Judges everything but the values of flags. Throws CommandError. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { operands, given } = tokensOf(args);
  if (given.has('--help') || given.has('-h')) return { verb: 'help', operands: [], flags: new Map() };
  const verb = (operands.shift() ?? 'run') as Verb;
  if (!VERBS.includes(verb)) throw usageError('verb', verb, VERBS.join(', '));
  const flags = new Map([...given].map(([flag, value]) => [flag, flagText(verb, flag, value)]));
  return { verb, operands: judgeOperands(verb, operands), flags };
}

function judgeOperands(verb: Verb, operands: readonly string[]): readonly string[] {
  if (verb === 'run') return operands;
  const { names: wanted, all } = FILES[verb] ?? { names: [], all: 'no argument' };
  const missing = wanted[operands.length];
  if (missing !== undefined) throw usageError(missing, null, all);
  const surplus = operands[wanted.length];
  if (surplus !== undefined) throw usageError('argument', surplus, `${all} after ${verb}`);
  return operands;
}

function flagText(verb: Verb, flag: string, value: string | undefined): string {
  const specs = FLAGS[verb];
  const spec = specs.find((one) => one.flag === flag);
  if (spec === undefined) throw new CommandError(EXIT.usage, `${flag} is no flag of ${verb}, allowed: ${names(specs)}`);
  if (spec.value === null && value !== undefined) throw usageError(flag, value, spec.allowed);
  if (spec.value !== null && value === undefined) throw usageError(flag, null, spec.allowed);
  return value ?? '';
}

function names(specs: readonly FlagSpec[]): string {
  return specs.length === 0 ? 'none' : specs.map((spec) => spec.flag).join(', ');
}

/** Splits into words and flags. A flag that takes a value takes the next word, whatever it looks like. */
function tokensOf(args: readonly string[]): { operands: string[]; given: Map<string, string | undefined> } {
  const specs = Object.values(FLAGS).flat();
  const options = Object.fromEntries(
    specs.map((spec) => [spec.flag.slice(2), { type: spec.value === null ? 'boolean' : 'string' } as const]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const operands = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const given = new Map(tokens.flatMap((token) => (token.kind === 'option' ? [[token.rawName, token.value]] : [])));
  return { operands, given };
}

/** A whole number within bounds; throws CommandError naming the flag. */
export function wholeNumber(spec: FlagSpec, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw usageError(spec.flag, text, spec.allowed);
  return value;
}
