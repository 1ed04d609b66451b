// Writes a runner as one compressed archive, whole and within the limit or not at all.
import { execFile } from 'node:child_process';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';

/** What a test machine's owner is asked to carry, at most. */
export const MOST_BYTES = 45_000_000;

export class TooLarge extends Error {}

/** Throws TooLarge when an archive is above the limit; returns its size.
 * @param {number} bytes @param {number} most */
function judgeSize(bytes, most) {
  if (bytes > most)
    throw new TooLarge(`the archive has ${megabytes(bytes)} (${bytes} bytes), allowed: at most ${megabytes(most)}`);
  return bytes;
}

/** Packs the folder under its own name; returns the size of the archive.
 * @param {string} folder @param {string} file @param {number} [most] */
export async function writeArchive(folder, file, most = MOST_BYTES) {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await tar(folder, draft);
    const bytes = judgeSize((await stat(draft)).size, most);
    await rename(draft, file);
    return bytes;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Names in order, no times and no owners: the same files give the same archive.
 * @param {string} folder @param {string} file */
async function tar(folder, file) {
  const steady = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  const args = [...steady, '-C', dirname(folder), '-cJf', file, '--', basename(folder)];
  const env = { ...process.env, XZ_OPT: '-6 -T0' };
  await promisify(execFile)('tar', args, { env }).catch((error) => {
    throw new Error(`--archive needs GNU tar and xz: ${String(error.stderr || error.message).trim()}`, {
      cause: error,
    });
  });
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
