// Unpacks what the npm package @sparticuz/chromium carries: SwiftShader with a Vulkan loader, and a headless Chromium.
//
// Only its archives are read, with our own few lines: its JavaScript wants a newer Node, and unpacks to fixed names in
// the folder for temporary files, where two users collide.
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { brotliDecompressSync, createBrotliDecompress } from 'node:zlib';
import { cachedFolder, ROOT } from './cache.mjs';
import { readTar } from './tar.mjs';

const PACKAGE = join(ROOT, 'node_modules', '@sparticuz', 'chromium');

/** The archives hold Linux x64 programs only. */
export function npmChromiumUsable() {
  return process.platform === 'linux' && process.arch === 'x64' && existsSync(join(PACKAGE, 'bin', 'chromium.br'));
}

/** A folder with `libvk_swiftshader.so` and the loader `libvulkan.so.1`. */
export function npmSwiftShader() {
  return cachedFolder(`swiftshader-${packageVersion()}`, (folder) => unpackTar('swiftshader.tar.br', folder));
}

/** A folder with `chromium`, the graphics libraries it looks for beside itself, `lib/` and `fonts/`. About 220 MB. */
export function npmChromium() {
  return cachedFolder(`chromium-${packageVersion()}`, fillChromium);
}

/** @param {string} folder */
async function fillChromium(folder) {
  await unpackTar('swiftshader.tar.br', folder);
  await unpackTar('al2023.tar.br', folder);
  await unpackTar('fonts.tar.br', folder);
  const program = join(folder, 'chromium');
  await pipeline(createReadStream(archive('chromium.br')), createBrotliDecompress(), createWriteStream(program));
  await chmod(program, 0o755);
}

/** @param {string} name @param {string} folder */
async function unpackTar(name, folder) {
  for (const file of readTar(brotliDecompressSync(await readFile(archive(name))))) {
    const path = join(folder, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.body, { mode: file.mode });
  }
}

/** @param {string} name */
function archive(name) {
  return join(PACKAGE, 'bin', name);
}

function packageVersion() {
  return JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).version;
}
