#!/usr/bin/env node
// Packs a self-contained runner for machines without npm or network: the whole folder is put in place at the end, or none.
//
//   npm run pack -- --out DIR [--archive FILE.tar.xz] [--with-software]
//
// Exit status: 0 fine, 1 the archive is too large, 2 bad usage or a machine that cannot pack, 4 anything else.
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inspect } from 'node:util';
import { megabytes, TooLarge, writeArchive } from './pack/archive.mjs';
import { packOptions, PackUsage } from './pack/options.mjs';
import { fillRunner } from './pack/runner.mjs';
import { swap } from './stale.mjs';

const USAGE = 'usage: npm run pack -- --out DIR [--archive FILE.tar.xz] [--with-software]';

async function main() {
  const { out, archive, software } = packOptions(process.argv.slice(2));
  await mkdir(dirname(out), { recursive: true });
  const draft = await mkdtemp(`${out}.draft-`);
  try {
    const bytes = await fillRunner(draft, { software });
    await chmod(draft, 0o755);
    await swap(draft, out);
    console.log(`runner: ${out} (${megabytes(bytes)})`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  if (archive !== undefined) console.log(`archive: ${archive} (${megabytes(await writeArchive(out, archive))})`);
}

/** @param {unknown} error */
function statusOf(error) {
  if (error instanceof TooLarge) return 1;
  return error instanceof PackUsage ? 2 : 4;
}

try {
  await main();
} catch (error) {
  process.exitCode = statusOf(error);
  console.error(`pack: ${error instanceof Error ? error.message : inspect(error)}`);
  if (error instanceof PackUsage) console.error(USAGE);
}
