// Reads what `npm run pack` was asked for; nothing is packed, and nothing of the user's replaced, on bad usage.
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** @typedef {{ out: string, archive: string | undefined, software: boolean }} PackOptions */

export class PackUsage extends Error {}

/** Absolute paths, judged. Throws PackUsage.
 * @param {string[]} args @returns {PackOptions} */
export function packOptions(args) {
  const values = flags(args);
  if (values.out === undefined) throw new PackUsage('--out has no value, allowed: a folder to write');
  const out = resolve(values.out);
  if (values.out === '' || !replaceable(out))
    throw bad('--out', values.out, 'a folder that is new, or can be written and is empty or an earlier runner');
  const archive = values.archive === undefined ? undefined : archivePath(values.archive, out);
  return { out, archive, software: values['with-software'] ?? false };
}

/** @param {string[]} args */
function flags(args) {
  const options = /** @type {const} */ ({
    out: { type: 'string' },
    archive: { type: 'string' },
    'with-software': { type: 'boolean' },
  });
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new PackUsage(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @param {string} out */
function replaceable(out) {
  if (!existsSync(out)) return true;
  if (!statSync(out).isDirectory() || !writable(out)) return false;
  const runner = ['pageferry', 'node', 'lib/packed.mjs'].every((name) => existsSync(join(out, name)));
  return runner || readdirSync(out).length === 0;
}

/** @param {string} given @param {string} out */
function archivePath(given, out) {
  const path = resolve(given);
  const inside = !relative(out, path).startsWith('..');
  if (inside || !path.endsWith('.tar.xz') || !existsSync(dirname(path)))
    throw bad('--archive', given, 'a file *.tar.xz outside --out, in a folder that exists');
  return path;
}

/** @param {string} flag @param {string} given @param {string} allowed */
function bad(flag, given, allowed) {
  return new PackUsage(`${flag} is ${JSON.stringify(given)}, allowed: ${allowed}`);
}

/** True when files can be made in a folder.
 * @param {string} folder */
function writable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
