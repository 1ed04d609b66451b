// Tells whether a built folder is older than anything it was built from, and replaces it in one step when it is.
import { readdirSync, statSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// Its time is the moment the build began: a source saved during the build makes the result stale.
const STAMP = '.built';

/** @typedef {{ out: string, inputs: string[], build: (folder: string) => Promise<void> }} Target */

/** Builds the target unless its folder is newer than every input; says whether it built.
 * @param {Target} target @param {() => void} [before] called once when a build is needed */
export async function buildIfStale({ out, inputs, build }, before = () => {}) {
  if (!isStale(out, inputs)) return false;
  before();
  const draft = await mkdtemp(`${out}.draft-`);
  // By the file system's clock, which runs some milliseconds behind the program's; rounded down, never up.
  const began = new Date(Math.floor(statSync(draft).mtimeMs));
  try {
    await build(draft);
    await stamp(draft, began);
    await chmod(draft, 0o755);
    await swap(draft, out);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return true;
}

/** True when `out` was never built or an input is newer. Inputs are files or folders; one that is absent is ignored.
 * @param {string} out @param {string[]} inputs */
export function isStale(out, inputs) {
  const built = modified(join(out, STAMP));
  return built === undefined || inputs.some((input) => newest(input) >= built);
}

/** The latest change below a path. Folders count too: their time tells of a file that was removed.
 * @param {string} path @returns {number} */
function newest(path) {
  const time = modified(path);
  if (time === undefined) return -Infinity;
  const below = statSync(path).isDirectory() ? readdirSync(path) : [];
  return Math.max(time, ...below.map((name) => newest(join(path, name))));
}

/** @param {string} path */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** @param {string} folder @param {Date} time */
async function stamp(folder, time) {
  await writeFile(join(folder, STAMP), '');
  await utimes(join(folder, STAMP), time, time);
}

/** Puts the folder `draft` in the place of `out`. A process that runs the old folder has its files open. One that races
 * us may put its own folder there between our two steps: the last to come wins, whole.
 * @param {string} draft @param {string} out */
export async function swap(draft, out) {
  for (let tries = 1; ; tries++) {
    const old = `${draft}.old${tries}`;
    await rename(out, old).catch(() => {});
    const failure = await rename(draft, out).then(
      () => undefined,
      (error) => error,
    );
    await rm(old, { recursive: true, force: true });
    if (failure === undefined) return;
    if (tries === 20) throw failure;
  }
}
