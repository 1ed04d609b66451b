// Writes a runner's README.txt: what it is, what it needs, how it is used, whose licences are inside.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../cache.mjs';

/** Reads versions from what was packed into `folder`.
 * @param {string} folder @param {{ software: boolean }} options */
export async function readmeText(folder, { software }) {
  const dawn = join(folder, 'lib', 'node_modules', 'webgpu');
  const native = [join(folder, 'node'), join(dawn, 'dist', 'linux-x64', 'dawn.node')];
  const template = readFileSync(join(import.meta.dirname, 'README.txt'), 'utf8');
  return filled(template, {
    version: manifestVersion(ROOT),
    node: process.version,
    webgpu: manifestVersion(dawn),
    glibc: newest(native, 'GLIBC_'),
    glibcxx: newest(native, 'GLIBCXX_'),
    software: software ? WITH_SOFTWARE : WITHOUT_SOFTWARE,
    licences: readdirSync(join(folder, 'licences')).toSorted().join(', '),
  });
}

const WITH_SOFTWARE = `vulkan/ holds a Vulkan loader, used where the machine has none, and SwiftShader, a GPU emulated on the CPU:
  ./pageferry run --quick --adapter software
Its absolute figures mean nothing.`;
const WITHOUT_SOFTWARE = `A Vulkan loader (libvulkan.so.1) must be installed; there is no software adapter inside (--with-software).`;

/** @param {string} template @param {Record<string, string>} values */
function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`README.txt: no value for {${name}}`);
    return value;
  });
}

/** @param {string} folder @returns {string} */
function manifestVersion(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
}

/** The newest version of a library's symbols that the programs ask for; their tables name it as text.
 * @param {string[]} programs @param {string} prefix */
function newest(programs, prefix) {
  const pattern = new RegExp(`\\0${prefix}(\\d+(?:\\.\\d+)+)(?=\\0)`, 'g');
  const found = programs.flatMap((path) =>
    [...readFileSync(path, 'latin1').matchAll(pattern)].map(([, one = '']) => one),
  );
  return found.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? 'any';
}
