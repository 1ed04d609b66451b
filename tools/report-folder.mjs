// Tells, before anything is measured, that the report of a run would have no place to go.
import { accessSync, constants } from 'node:fs';

const REPORTING = ['run', 'replay'];

/** The problem with writing the command's report into `folder`, if it would go there. When in doubt about what the
 * arguments mean there is none: judging them is the command's affair.
 * @param {string[]} args @param {string} folder @returns {string | undefined} */
export function reportFolderProblem(args, folder) {
  if (!reportsHere(args) || writable(folder)) return undefined;
  return `the current folder is "${folder}", allowed: one that can be written, or --json FILE for the report`;
}

/** @param {string[]} args */
function reportsHere(args) {
  const verb = args.find((arg) => !arg.startsWith('-')) ?? 'run';
  const elsewhere = args.some((arg) => /^(?:--json(?:=.*)?|--help|-h)$/.test(arg));
  return REPORTING.includes(verb) && !elsewhere;
}

/** True when files can be made in a folder.
 * @param {string} folder */
export function writable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
