// What `help` prints: verbs, their flags from the scenario's own schema, exit statuses.
import { FLAGS, type FlagSpec, type Verb } from './arguments.ts';
import { align } from '../src/lab/measure/table.ts';
import { TOOL } from '../src/lab/measure/environment.ts';

const EXITS = [
  ['0', 'fine'],
  ['1', 'wrong bytes, or a regression (--fail-on-regression)'],
  ['2', 'bad usage or input'],
  ['3', 'no adapter of the kind asked for, or no browser'],
  ['4', 'the run could not finish (device lost, or a bug)'],
  ['130', 'stopped by Ctrl-C; a partial report was written'],
] as const;

export function helpText(): string {
  return [
    `${TOOL.name} ${TOOL.version}: how fast pages migrate, and what a driver would do with a trace`,
    '',
    '  list                 ids of all cases, with one line each',
    '  run [ids…]           measure cases (the core without ids); the verb when none is given',
    '  replay FILE          run the accesses of a trace through the driver model',
    '  compare A B          two reports, figure by figure: ratio, interval, test, verdict',
    '  alternate [ids…]     the same cases in Node and in a browser in turns: ratio of each figure',
    '  export REPORT        a report for other programs: --to csv, markdown, gbench or openmetrics',
    '  help                 this text',
    '',
    ...section('run'),
    ...section('replay'),
    ...section('compare'),
    ...section('alternate'),
    ...section('export'),
    'exit status:',
    ...align(EXITS.map(([code, meaning]) => [`  ${code}`, meaning])).map((line) => line),
  ].join('\n');
}

function section(verb: Verb): string[] {
  return [`flags of ${verb}:`, ...FLAGS[verb].flatMap(flagLines), ''];
}

function flagLines({ flag, value, help, allowed }: FlagSpec): string[] {
  const head = `  ${flag}${value === null ? '' : ` ${value}`}`;
  return [head, `      ${help}${value === null ? '' : ` Allowed: ${allowed}.`}`];
}
