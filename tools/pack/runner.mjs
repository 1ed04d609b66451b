// Fills a folder with everything that the command line needs on a bare Linux x64 machine, and nothing of this one.
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../cache.mjs';
import { npmChromiumUsable, npmSwiftShader } from '../npm-chromium.mjs';
import { bundleCommand } from '../targets.mjs';
import { writeLicences } from './licences.mjs';
import { PackUsage } from './options.mjs';
import { readmeText } from './readme.mjs';

/** The launcher of the checkout, file by file: the runner chooses drivers by the very same code. */
const LAUNCHER = [
  'cache.mjs',
  'launch-contract.mjs',
  'launcher.mjs',
  'leash.mjs',
  'npm-chromium.mjs',
  'packed.mjs',
  'software-vulkan.mjs',
  'tar.mjs',
];
const DAWN = ['package.json', 'index.js', 'LICENSE.md', 'dist/linux-x64/dawn.node'];

/** Fills an empty folder; returns the number of bytes in it. Throws PackUsage where a runner cannot be made.
 * @param {string} folder @param {{ software: boolean }} options */
export async function fillRunner(folder, { software }) {
  judgeMachine(software);
  await addBundle(join(folder, 'lib'));
  await copyFiles(join(ROOT, 'tools'), LAUNCHER, join(folder, 'lib'));
  await copyFiles(join(ROOT, 'node_modules', 'webgpu'), DAWN, join(folder, 'lib', 'node_modules', 'webgpu'));
  if (software) await addSoftware(join(folder, 'vulkan'));
  await addNode(join(folder, 'node'));
  await addProgram(join(ROOT, 'tools', 'pack', 'pageferry.sh'), join(folder, 'pageferry'));
  await writeLicences(folder, { software });
  await writeFile(join(folder, 'README.txt'), await readmeText(folder, { software }));
  return sizeBelow(folder);
}

/** @param {boolean} software */
function judgeMachine(software) {
  const machine = `${process.platform}-${process.arch}`;
  if (machine !== 'linux-x64') throw new PackUsage(`this machine is ${machine}, allowed: linux-x64`);
  // A distribution may spread Node over libraries of its own, which the test machine would lack.
  const shared = Object.entries(process.config.variables).filter(
    ([name, value]) => name.startsWith('node_shared') && isOn(value),
  );
  if (shared.length > 0)
    throw new PackUsage(`this Node needs libraries of this machine (${shared[0]?.[0]}), allowed: a Node of nodejs.org`);
  if (software && !npmChromiumUsable())
    throw new PackUsage('--with-software needs the package @sparticuz/chromium; run npm ci without --omit');
}

/** @param {unknown} value */
function isOn(value) {
  return value === true || value === 'true';
}

/** A bundle of its own, so that packing and running never write the same folder.
 * @param {string} folder */
async function addBundle(folder) {
  await bundleCommand(folder, { noExternal: true, external: ['webgpu'] });
  const path = join(folder, 'cli.mjs.map');
  const map = JSON.parse(await readFile(path, 'utf8'));
  // By path from the root of the repository: where it lay on this machine is nobody's business.
  map.sources = map.sources.map((/** @type {string} */ source) => relative(ROOT, join(folder, source)));
  await writeFile(path, JSON.stringify(map));
}

/** @param {string} from @param {string[]} names @param {string} to */
async function copyFiles(from, names, to) {
  for (const name of names) {
    const path = join(to, name);
    await mkdir(dirname(path), { recursive: true });
    await copyFile(join(from, name), path);
    await chmod(path, 0o644);
  }
}

/** The Vulkan loader looks for a library path with a slash beside the description: both can be moved together.
 * @param {string} folder */
async function addSoftware(folder) {
  await copyFiles(await npmSwiftShader(), ['libvk_swiftshader.so', 'libvulkan.so.1'], folder);
  const driver = { library_path: './libvk_swiftshader.so', api_version: '1.0.5' };
  const text = JSON.stringify({ file_format_version: '1.0.0', ICD: driver });
  await writeFile(join(folder, 'vk_swiftshader_icd.json'), `${text}\n`);
}

/** Without its symbols for debuggers where this machine can take them off: only smaller.
 * @param {string} path */
async function addNode(path) {
  await addProgram(process.execPath, path);
  const stripped = `${path}.stripped`;
  const done = await promisify(execFile)('strip', ['-o', stripped, path]).then(
    () => true,
    () => false,
  );
  if (done && (await starts(stripped))) await addProgram(stripped, path);
  await rm(stripped, { force: true });
}

/** @param {string} program */
function starts(program) {
  return promisify(execFile)(program, ['--version']).then(
    ({ stdout }) => stdout.trim() === process.version,
    () => false,
  );
}

/** @param {string} from @param {string} to */
async function addProgram(from, to) {
  await copyFile(from, to);
  await chmod(to, 0o755);
}

/** @param {string} folder @returns {Promise<number>} */
async function sizeBelow(folder) {
  const files = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(files.map((name) => stat(join(folder, name))));
  return sizes.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
}
