// Finds a Chromium-based browser and says how to start it for WebGPU: the program, its arguments, its environment.
//
// Order: CHROME_PATH, the usual places of the system, then the headless Chromium of @sparticuz/chromium.
// PAGEFERRY_BROWSER=system|npm allows one source only.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npmChromium, npmChromiumUsable } from './npm-chromium.mjs';
import { softwareVulkan, writeIcd } from './software-vulkan.mjs';

/** @typedef {Record<string, string | undefined>} Env */
/** @typedef {'compute' | 'canvas' | 'device-loss' | 'hardware'} Purpose */
/** @typedef {'CHROME_PATH' | 'system' | 'npm'} BrowserSource */
/** `env` is complete: it is the environment of the browser, not an addition to it.
 * @typedef {{ source: BrowserSource, executablePath: string, args: string[], env: Record<string, string> }} Launch */
/** @typedef {{ env?: Env, platform?: string, exists?: (path: string) => boolean, npmUsable?: boolean }} Machine */

export const NO_BROWSER =
  'no Chrome or Chromium found: install one, or start again with CHROME_PATH=/path/to/chrome in the environment';

const COMPUTE = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
// Leave any one of these out and configuring a WebGPU canvas kills the GPU process, where there is no GPU.
const CANVAS = [...COMPUTE, '--use-vulkan=swiftshader', '--use-angle=vulkan', '--enable-features=Vulkan'];
// As Chrome's own guide to headless WebGPU on a GPU has it; a machine without one gives no adapter, or a software one.
const HARDWARE = [
  '--enable-unsafe-webgpu',
  '--ignore-gpu-blocklist',
  '--use-angle=vulkan',
  '--enable-features=Vulkan',
  '--disable-vulkan-surface',
];
/** @type {Record<Purpose, string[]>} */
const LINUX_ARGS = {
  compute: COMPUTE,
  canvas: CANVAS,
  'device-loss': [...CANVAS, '--disable-domain-blocking-for-3d-apis'],
  hardware: HARDWARE,
};

/** How to start a browser for a purpose; undefined, and NO_BROWSER is the message, where there is none.
 * @param {Purpose} purpose @param {Env} [env] @returns {Promise<Launch | undefined>} */
export async function browserLaunch(purpose, env = process.env) {
  const found = chooseBrowser({ env });
  if (found === undefined) return undefined;
  const args = browserArgs(purpose);
  if (found.source === 'npm') return { source: 'npm', args, ...(await npmBrowser(env, purpose)) };
  // The machine's own drivers, where they are wanted, are found by the browser itself.
  const complete = purpose === 'hardware' ? defined(env) : await systemEnvironment(env);
  return { source: found.source, executablePath: found.path, args, env: complete };
}

/** The browser that would be used: `path` is empty for the one that is still packed.
 * @param {Machine} machine @returns {{ source: BrowserSource, path: string } | undefined} */
export function chooseBrowser(machine) {
  const { env = process.env, platform = process.platform, exists = existsSync } = machine;
  const wanted = wantedSource(env);
  const named = env.CHROME_PATH;
  if (named && wanted !== 'npm') return namedBrowser(named, exists);
  const system = wanted === 'npm' ? undefined : systemPlaces(platform, env).find(exists);
  if (system !== undefined) return { source: 'system', path: system };
  const npm = wanted !== 'system' && (machine.npmUsable ?? npmChromiumUsable());
  return npm ? { source: 'npm', path: '' } : undefined;
}

/** A mistyped name must not silently become another browser.
 * @param {string} path @param {(path: string) => boolean} exists @returns {{ source: 'CHROME_PATH', path: string }} */
function namedBrowser(path, exists) {
  if (!exists(path)) throw new Error(`CHROME_PATH names ${path}, which does not exist`);
  return { source: 'CHROME_PATH', path };
}

/** @param {Env} env */
function wantedSource(env) {
  const wanted = env.PAGEFERRY_BROWSER || undefined;
  if (wanted === undefined || wanted === 'npm' || wanted === 'system') return wanted;
  throw new Error(`PAGEFERRY_BROWSER is "${wanted}"; it can be npm or system`);
}

/** Where a Chrome, Chromium or Edge usually is, most likely first.
 * @param {string} platform @param {Env} env */
export function systemPlaces(platform, env) {
  if (platform === 'darwin') return macPlaces(env);
  return platform === 'win32' ? windowsPlaces(env) : linuxPlaces(env);
}

/** @param {Env} env */
function linuxPlaces(env) {
  const names = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge'];
  const folders = [...new Set(['/usr/bin', '/usr/local/bin', ...(env.PATH ?? '').split(':'), '/snap/bin'])];
  return names.flatMap((name) => folders.filter((folder) => folder !== '').map((folder) => `${folder}/${name}`));
}

/** @param {Env} env */
function macPlaces(env) {
  const names = ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Google Chrome Canary'];
  const folders = ['/Applications', ...(env.HOME ? [`${env.HOME}/Applications`] : [])];
  return names.flatMap((name) => folders.map((folder) => `${folder}/${name}.app/Contents/MacOS/${name}`));
}

/** @param {Env} env */
function windowsPlaces(env) {
  const programs = ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe'];
  const edge = 'Microsoft\\Edge\\Application\\msedge.exe';
  const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(
    (folder) => folder !== undefined,
  );
  return [...programs, edge].flatMap((program) => folders.map((folder) => `${folder}\\${program}`));
}

/** Off Linux the browser has a GPU or its own fallback, and the Vulkan flags mean nothing.
 * @param {Purpose} purpose @param {string} [platform] */
export function browserArgs(purpose, platform = process.platform) {
  return platform === 'linux' ? LINUX_ARGS[purpose] : ['--enable-unsafe-webgpu'];
}

/** The browser brings its own loader; only the choice of driver is added.
 * @param {Env} env */
async function systemEnvironment(env) {
  const software = await softwareVulkan(env);
  const driver = software === undefined ? {} : { VK_ICD_FILENAMES: software.icd, VK_DRIVER_FILES: software.icd };
  return { ...defined(env), ...driver };
}

/** @param {Env} env @param {Purpose} purpose */
async function npmBrowser(env, purpose) {
  const folder = await npmChromium();
  const icd = await writeIcd(folder);
  const libraries = { LD_LIBRARY_PATH: [join(folder, 'lib'), env.LD_LIBRARY_PATH].filter(Boolean).join(':') };
  const driver = purpose === 'hardware' ? {} : { VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd };
  const fonts = { FONTCONFIG_PATH: await writeFontConfiguration(folder) };
  return { executablePath: join(folder, 'chromium'), env: { ...defined(env), ...libraries, ...driver, ...fonts } };
}

/** The packed file points at a fixed folder for temporary files, where we do not unpack.
 * @param {string} folder */
async function writeFontConfiguration(folder) {
  const fonts = join(folder, 'fonts');
  const text = `<fontconfig><dir>${fonts}</dir><dir>/usr/share/fonts</dir><cachedir>${fonts}/cache</cachedir></fontconfig>\n`;
  await writeFile(join(fonts, 'fonts.conf'), text);
  return fonts;
}

/** @param {Env} env @returns {Record<string, string>} */
function defined(env) {
  return /** @type {Record<string, string>} */ (
    Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
  );
}
