// Puts the licence of everything inside a runner into it; a bundled package without one stops the packing.
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ROOT } from '../cache.mjs';

/** Fills `licences/` and `LICENSE`. Needs the bundle and its source map in `lib/`.
 * @param {string} folder @param {{ software: boolean }} options */
export async function writeLicences(folder, { software }) {
  const target = join(folder, 'licences');
  await mkdir(target);
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  for (const name of ['webgpu', ...(await bundledPackages(join(folder, 'lib', 'cli.mjs.map')))])
    await copyFile(packageLicence(name), join(target, `${name.replace('/', '-')}.txt`));
  await writeFile(join(target, 'node.txt'), await nodeLicence());
  if (software) await copyFile(join(import.meta.dirname, 'Apache-2.0.txt'), join(target, 'swiftshader-vulkan.txt'));
}

/** Names of the packages whose code is in a bundle, by its source map.
 * @param {string} map */
export async function bundledPackages(map) {
  /** @type {{ sources: string[] }} */
  const { sources } = JSON.parse(await readFile(map, 'utf8'));
  const names = sources.flatMap((path) => /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}

/** @param {string} name */
function packageLicence(name) {
  const folder = join(ROOT, 'node_modules', name);
  const file = readdirSync(folder).find((one) => /^licen[cs]e(?:\.|$)/i.test(one));
  if (file === undefined) throw new Error(`the bundled package ${name} has no licence file`);
  return join(folder, file);
}

/** Node's text lies where its packager put it; without one, where to read it. */
async function nodeLicence() {
  const prefix = join(dirname(process.execPath), '..');
  const places = ['LICENSE', 'share/doc/nodejs/LICENSE', 'share/doc/nodejs/copyright', 'share/doc/node/LICENSE'];
  const found = places.map((path) => join(prefix, path)).find((path) => existsSync(path));
  const text = found === undefined ? '' : await readFile(found, 'utf8');
  if (text.includes('Node.js')) return text;
  return `The licence of Node.js: https://github.com/nodejs/node/blob/${process.version}/LICENSE\n`;
}
