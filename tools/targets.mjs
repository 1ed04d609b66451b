// The two things that are built on demand: the page (`dist`) and the command line (`dist-cli`).
import { join } from 'node:path';
import { build, createLogger } from 'vite';
import { ROOT } from './cache.mjs';
import { buildIfStale } from './stale.mjs';

/** @param {...string} names */
const inputs = (...names) => names.map((name) => join(ROOT, name));

// Building is part of every command, and standard output belongs to the command.
const quiet = createLogger('warn');
quiet.info = () => {};
for (const level of /** @type {const} */ (['warn', 'warnOnce', 'error'])) quiet[level] = (text) => console.error(text);

/** Builds the page when a source is newer, and returns its folder. */
export async function builtPage() {
  const out = join(ROOT, 'dist');
  const pages = ['index.html', 'bench.html'];
  const sources = inputs('src', 'bench/cases', 'shaders', 'public', ...pages, 'vite.config.ts', 'package.json');
  await buildIfStale({ out, inputs: sources, build: buildPage }, () => console.error('pageferry: building the page …'));
  return out;
}

/** Bundles the command line when a source is newer, and returns the program. */
export async function builtCommand() {
  const out = join(ROOT, 'dist-cli');
  const sources = inputs('src', 'shaders', 'bench', 'tools', 'package.json');
  await buildIfStale({ out, inputs: sources, build: (folder) => bundleCommand(folder) }, () =>
    console.error('pageferry: bundling the command …'),
  );
  return join(out, 'cli.mjs');
}

/** @param {string} outDir */
async function buildPage(outDir) {
  await buildForUse({ root: ROOT, logLevel: 'warn', customLogger: quiet, build: { outDir, emptyOutDir: true } });
}

/** Bundles the command line into a folder, without looking whether that is needed. Packages stay outside unless `ssr`
 * says otherwise: `webgpu` is native code, the others load faster than they bundle.
 * @param {string} outDir @param {import('vite').SSROptions} [ssr] */
export async function bundleCommand(outDir, ssr = {}) {
  await buildForUse({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    customLogger: quiet,
    publicDir: false,
    ssr,
    build: {
      ssr: join(ROOT, 'bench', 'cli.ts'),
      outDir,
      emptyOutDir: true,
      target: 'node20.19',
      sourcemap: true,
      rolldownOptions: { output: { entryFileNames: 'cli.mjs' } },
    },
  });
}

/** vite takes the kind of build from NODE_ENV, which is `test` inside vitest, and leaves it changed when it is unset.
 * @param {import('vite').InlineConfig} config */
async function buildForUse(config) {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    await build(config);
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}
