// Starts a command in the environment that its choice of adapter needs, at most twice, and becomes its exit status.
import { spawn } from 'node:child_process';
import { constants, tmpdir } from 'node:os';
import { NO_ADAPTER, RETRY_WITH_SOFTWARE, VULKAN_VARIABLE } from './launch-contract.mjs';
import { softwareVulkan, vulkanLoader } from './software-vulkan.mjs';

/** @typedef {Record<string, string | undefined>} Env */

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
const CANNOT_START = 4;

/** Runs the program that `find` names with the arguments of this process, whose exit status becomes the program's.
 * @param {() => Promise<string>} find */
export async function launch(find) {
  try {
    process.exitCode = await launched(find, process.argv.slice(2));
  } catch (error) {
    console.error(`pageferry: could not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = CANNOT_START;
  }
}

/** @param {() => Promise<string>} find @param {string[]} args */
async function launched(find, args) {
  return runInTurn(await find(), args, await environments(adapterChoice(args), process.env));
}

/** The value of `--adapter`, `auto` without one. Judging it is the command's affair: what is unknown counts as `auto`.
 * @param {string[]} args */
export function adapterChoice(args) {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const at = own.findLastIndex((arg) => arg === '--adapter' || arg.startsWith('--adapter='));
  const value = own[at]?.split('=')[1] ?? own[at + 1];
  return at >= 0 && (value === 'hardware' || value === 'software' || value === 'twin') ? value : 'auto';
}

/** The environments to start the command in, one after the other, until one does not ask for the next.
 * @param {'auto' | 'hardware' | 'software' | 'twin'} adapter @param {Env} env @returns {Promise<Env[]>} */
export async function environments(adapter, env) {
  if (adapter === 'twin') return [{ ...env, [VULKAN_VARIABLE]: 'none' }];
  const software = adapter === 'hardware' ? undefined : await softwareVulkan(env);
  const last = { ...env, ...software?.env, [VULKAN_VARIABLE]: 'software' };
  if (adapter === 'software') return [last];
  const system = { ...env, ...(await vulkanLoader(env)) };
  if (software === undefined) return [{ ...system, [VULKAN_VARIABLE]: 'system' }];
  return [{ ...system, [VULKAN_VARIABLE]: 'try-system' }, last];
}

/** Display servers' drivers complain on stderr where a login session has not set this folder; they put nothing in it.
 * @param {Env} env @returns {Env} */
function withRuntimeFolder(env) {
  return process.platform === 'linux' ? { XDG_RUNTIME_DIR: tmpdir(), ...env } : env;
}

/** Runs `program` under Node in each environment in turn while it asks for the next one; returns the exit status.
 * @param {string} program @param {string[]} args @param {Env[]} choices */
export async function runInTurn(program, args, choices) {
  let status = NO_ADAPTER;
  for (const env of choices) {
    status = await runOnce(program, args, env);
    if (status !== RETRY_WITH_SOFTWARE) return status;
  }
  return NO_ADAPTER;
}

/** The command gets a process group of its own: a terminal's Ctrl-C then reaches it once, through us.
 * @param {string} program @param {string[]} args @param {Env} env @returns {Promise<number>} */
async function runOnce(program, args, env) {
  const leash = ['--import', new URL('./leash.mjs', import.meta.url).href];
  const options = {
    env: withRuntimeFolder(env),
    stdio: /** @type {const} */ ('inherit'),
    detached: process.platform !== 'win32',
  };
  const child = spawn(process.execPath, [...leash, '--enable-source-maps', program, ...args], options);
  const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    return await exitStatus(child);
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number>} */
function exitStatus(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
