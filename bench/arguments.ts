// Reads the command line: verb, operands and flags, each judged by name before anything runs.
//
// Not `cac`: it turns text into numbers and takes `--timeslice -1` for two flags, and so could not repeat what was given.
import { parseArgs } from 'node:util';
import { BOUNDS, isWithin, type Bounds } from '../src/lab/bench/choices.ts';
import { scenarioFields, type FieldInfo } from '../src/lab/session/scenario-fields.ts';
import { EXIT, CommandError, usageError } from './exit.ts';

export const VERBS = ['list', 'run', 'replay', 'compare', 'alternate', 'export', 'help'] as const;
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
  allowed: BOUNDS.samples.allowed,
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
  help: 'Of the cases chosen (without ids: of all), those whose id contains this.',
  allowed: 'text that is in an id such as 2M.physical',
};
export const ALL: FlagSpec = {
  flag: '--all',
  value: null,
  help: 'Every case, not the core alone.',
  allowed: 'no value',
};
export const IN: FlagSpec = {
  flag: '--in',
  value: 'HOST',
  help: 'Where to measure: in this Node, or in a headless Chrome or Chromium (default node).',
  allowed: 'node, browser',
};
export const RUNS: FlagSpec = {
  flag: '--runs',
  value: 'N',
  help: 'Runs of each side (default 5).',
  allowed: 'a whole number from 5 to 1000',
};
export const NO_PEERS: FlagSpec = {
  flag: '--no-peers',
  value: null,
  help: 'Leave out the cases that the chosen ones are to be compared with, unless they are chosen too.',
  allowed: 'no value',
};
export const REPEAT: FlagSpec = {
  flag: '--repeat',
  value: 'N',
  help: 'Measure the whole selection so often, each time in another order; samples are joined.',
  allowed: BOUNDS.repeat.allowed,
};
export const BUDGET: FlagSpec = {
  flag: '--budget',
  value: 'SECONDS',
  help: 'Stop sampling in this time. Cases without enough samples by then are left out, and named.',
  allowed: BOUNDS.budgetSeconds.allowed,
};
export const AA: FlagSpec = {
  flag: '--aa',
  value: 'N',
  help: 'Run each case against itself so often, and say how often compare would claim a difference.',
  allowed: BOUNDS.aa.allowed,
};
const ALTERNATION_FILE: FlagSpec = {
  ...JSON_FILE,
  help: 'Write the result here instead of pageferry-alternation-<time>.json.',
};
export const NO_TUNE: FlagSpec = {
  flag: '--no-tune',
  value: null,
  help: 'Measure with the default copy shapes, whatever is kept of this adapter.',
  allowed: 'no value',
};
export const RETUNE: FlagSpec = {
  flag: '--retune',
  value: null,
  help: 'Choose the copy shapes anew, though they are kept of an earlier run on this adapter.',
  allowed: 'no value',
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
  run: [IN, ALL, QUICK, SAMPLES, SEED, ADAPTER, FILTER, NO_PEERS, REPEAT, BUDGET, AA, NO_TUNE, RETUNE, JSON_FILE],
  replay: [...replayFields().map(fieldFlag), JSON_FILE],
  compare: [COMPARISON_FILE, FAIL_ON_REGRESSION],
  alternate: [RUNS, ALL, QUICK, SAMPLES, SEED, ADAPTER, FILTER, NO_PEERS, NO_TUNE, ALTERNATION_FILE],
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
  if (verb === 'run' || verb === 'alternate') return operands;
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

/** A number within bounds, in plain digits; throws CommandError naming the flag. */
export function numberFrom(spec: FlagSpec, text: string, bounds: Bounds): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!isWithin(value, bounds)) throw usageError(spec.flag, text, spec.allowed);
  return value;
}
