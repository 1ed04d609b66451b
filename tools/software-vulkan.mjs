// Finds a software Vulkan driver (SwiftShader), and says which environment variables select it, without root or apt.
//
// Dawn loads `libvulkan.so.1`, which reads VK_ICD_FILENAMES: both must be in the environment before the process starts.
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { ROOT } from './cache.mjs';
import { npmChromiumUsable, npmSwiftShader } from './npm-chromium.mjs';

/** @typedef {Record<string, string | undefined>} Env */
/** `env` holds the variables to add; `icd` is the driver's description; `source` says whose driver it is.
 * @typedef {{ source: 'environment' | 'runner' | 'system' | 'npm', icd: string, env: Record<string, string> }} SoftwareVulkan */

/** A packed runner has its driver here (tools/pack.mjs); a checkout has no such folder. */
const RUNNER = join(ROOT, 'vulkan');
const SYSTEM_ICDS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
].map((folder) => join(folder, 'vk_swiftshader_icd.json'));
const SYSTEM_LOADERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/lib64',
].map((folder) => join(folder, 'libvulkan.so.1'));

/** The software driver to use, or undefined where there is none (not Linux: Dawn brings or needs no Vulkan there).
 * @param {Env} [env] @param {(path: string) => boolean} [exists] @returns {Promise<SoftwareVulkan | undefined>} */
export async function softwareVulkan(env = process.env, exists = existsSync) {
  if (process.platform !== 'linux') return undefined;
  return fromEnvironment(env, exists) ?? fromRunner(env, exists) ?? fromSystem(env, exists) ?? fromNpm(env);
}

/** The variables that let Dawn load Vulkan at all, with whatever drivers the machine has: none where the loader is
 * installed, else our own copy of it.
 * @param {Env} [env] @param {(path: string) => boolean} [exists] @returns {Promise<Record<string, string>>} */
export async function vulkanLoader(env = process.env, exists = existsSync) {
  if (process.platform !== 'linux' || hasLoader(env, exists)) return {};
  if (exists(join(RUNNER, 'libvulkan.so.1'))) return libraryPath(env, RUNNER);
  if (!npmChromiumUsable()) return {};
  return libraryPath(env, await npmSwiftShader());
}

/** @param {Env} env @param {(path: string) => boolean} exists @returns {SoftwareVulkan | undefined} */
function fromEnvironment(env, exists) {
  const icd = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  const usable = icd !== undefined && /swiftshader/i.test(icd) && exists(icd) && hasLoader(env, exists);
  return usable ? { source: 'environment', icd, env: {} } : undefined;
}

/** Before the system's: every machine then runs the very driver that was packed.
 * @param {Env} env @param {(path: string) => boolean} exists @returns {SoftwareVulkan | undefined} */
function fromRunner(env, exists) {
  const icd = join(RUNNER, 'vk_swiftshader_icd.json');
  return exists(icd) ? { source: 'runner', icd, env: selecting(env, icd, RUNNER) } : undefined;
}

/** Chromium's folder holds the loader too: no need for the distribution's own.
 * @param {Env} env @param {(path: string) => boolean} exists @returns {SoftwareVulkan | undefined} */
function fromSystem(env, exists) {
  const icd = SYSTEM_ICDS.find((path) => exists(path) && exists(join(dirname(path), 'libvulkan.so.1')));
  return icd === undefined ? undefined : { source: 'system', icd, env: selecting(env, icd, dirname(icd)) };
}

/** @param {Env} env @returns {Promise<SoftwareVulkan | undefined>} */
async function fromNpm(env) {
  if (!npmChromiumUsable()) return undefined;
  const folder = await npmSwiftShader();
  const icd = await writeIcd(folder);
  return { source: 'npm', icd, env: selecting(env, icd, folder) };
}

/** @param {Env} env @param {string} icd @param {string} folder */
function selecting(env, icd, folder) {
  // VK_DRIVER_FILES, where somebody set it, wins over the older name: both must say the same.
  return { VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd, ...libraryPath(env, folder) };
}

/** @param {Env} env @param {string} folder */
function libraryPath(env, folder) {
  const rest = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((path) => path !== '' && path !== folder);
  return { LD_LIBRARY_PATH: [folder, ...rest].join(delimiter) };
}

/** @param {Env} env @param {(path: string) => boolean} exists */
function hasLoader(env, exists) {
  const own = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((path) => path !== '');
  return [...own.map((path) => join(path, 'libvulkan.so.1')), ...SYSTEM_LOADERS].some(exists);
}

/** Names the library by absolute path; written again when the checkout has moved.
 * @param {string} folder */
export async function writeIcd(folder) {
  const path = join(folder, 'pageferry_icd.json');
  const library = join(folder, 'libvk_swiftshader.so');
  const text = JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.0.5' } });
  if ((await readFile(path, 'utf8').catch(() => '')) === text) return path;
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
  return path;
}
