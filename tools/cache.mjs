// A cache of unpacked folders: a folder that is there is complete, whoever else is filling the same one meanwhile.
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

/** The folder `name` of the cache, filled by `fill` first when it is not there. `fill` gets an empty folder that
 * becomes the cached one by a rename, so that a process that dies half-way leaves nothing that looks finished.
 * @param {string} name @param {(folder: string) => Promise<void>} fill @param {string} [base] */
export async function cachedFolder(name, fill, base = cacheBase()) {
  const folder = join(base, name);
  if (existsSync(folder)) return folder;
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    await fill(draft);
    await renameOnce(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Losing the race to an equal folder is success.
 * @param {string} draft @param {string} folder */
async function renameOnce(draft, folder) {
  try {
    await rename(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

/** `node_modules/.cache/pageferry`, or a private folder for temporary files where the checkout cannot be written. */
function cacheBase() {
  return writable(join(ROOT, 'node_modules', '.cache', 'pageferry')) ?? privateTemporary();
}

/** @param {string} folder */
function writable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return undefined;
  }
}

/** Programs are started from the cache: a folder that another user prepared under this name must not be used. */
function privateTemporary() {
  const folder = join(tmpdir(), `pageferry-cache-${userInfo().username}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mine = process.getuid === undefined || statSync(folder).uid === process.getuid();
  if (!mine) throw new Error(`${folder} belongs to another user; remove it or make node_modules writable`);
  return folder;
}
