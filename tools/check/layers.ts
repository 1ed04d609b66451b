// Holds the import rules of docs/architecture.md §1: a wing imports only what stands in its row, everything else fails.
import { posix } from 'node:path';
import { countBelow, filesBelow, readText } from './files.ts';
import { moduleFacts, type ImportSite, type ModuleFacts } from './imports.ts';
import { verdict, type StepResult } from './step.ts';

/** First match wins. */
const WINGS: readonly (readonly [prefix: string, wing: string])[] = [
  ['src/base/', 'base'],
  ['src/engine/plan/', 'plan'],
  ['src/engine/twin/', 'twin'],
  ['src/engine/gpu/', 'gpu'],
  ['src/engine/host/', 'host'],
  ['src/model/', 'model'],
  ['src/lab/', 'lab'],
  ['src/app/', 'app'],
  ['src/main.ts', 'entry'],
  ['src/bench-page.ts', 'entry'],
  ['src/worker.ts', 'entry'],
  ['src/vite-env.d.ts', 'entry'],
  ['bench/cases/', 'cases'],
  ['bench/', 'bench'],
  ['tools/launch-contract.mjs', 'contract'],
  ['tools/', 'tools'],
  ['shaders/', 'shaders'],
  ['package.json', 'manifest'],
];

interface Row {
  wings: readonly string[];
  /** Wings of which only types may be imported. */
  types?: readonly string[];
  /** Packages, by the first part of the specifier; `node:` stands for all of Node's own modules. */
  packages?: readonly string[];
}

const ROWS: Readonly<Record<string, Row>> = {
  base: { wings: [], packages: ['pure-rand'] },
  plan: { wings: ['base'] },
  twin: { wings: ['plan', 'base'] },
  gpu: { wings: ['plan', 'base', 'shaders'], packages: ['webgpu'] },
  /** System pages in host memory, around an executor that it does not know. */
  host: { wings: ['plan', 'base'] },
  model: { wings: ['plan', 'base'] },
  lab: { wings: ['model', 'plan', 'twin', 'gpu', 'host', 'base', 'manifest'], packages: ['valibot', 'idb'] },
  app: {
    wings: ['lab', 'shaders'],
    types: ['plan', 'base'],
    packages: ['three', 'lil-gui', 'uplot', 'idb', 'valibot'],
  },
  entry: { wings: ['app', 'lab', 'cases', 'plan', 'twin', 'gpu', 'entry'] },
  /** Data of the benchmark, measured by the command line and by the page's worker. */
  cases: { wings: ['lab', 'plan', 'base'] },
  bench: {
    wings: ['cases', 'lab', 'plan', 'twin', 'gpu', 'base', 'contract', 'manifest'],
    packages: ['node:', 'webgpu', 'valibot'],
  },
  tools: {
    wings: ['gpu', 'plan', 'base', 'contract', 'shaders', 'manifest'],
    packages: ['node:', 'vite', 'webgpu', 'wgsl_reflect', 'playwright-core'],
  },
  contract: { wings: [] },
};

export interface LayerReport {
  problems: string[];
  modules: number;
  imports: number;
}

/** Judges modules, given as source by path; `others` are files that may be imported but are not modules. */
export function checkLayers(
  modules: ReadonlyMap<string, string>,
  others: ReadonlySet<string> = new Set(),
): LayerReport {
  const report: LayerReport = { problems: [], modules: 0, imports: 0 };
  for (const [file, source] of modules) {
    const facts = moduleFacts(file, source);
    report.modules++;
    report.imports += facts.imports.length;
    report.problems.push(...moduleProblems(file, facts, (path) => modules.has(path) || others.has(path)));
  }
  return report;
}

function moduleProblems(file: string, facts: ModuleFacts, exists: (path: string) => boolean): string[] {
  const wing = wingOf(file);
  const row = wing === undefined ? undefined : ROWS[wing];
  if (wing === undefined || row === undefined)
    return [`${file}: belongs to no wing; see WINGS in tools/check/layers.ts`];
  const imports = facts.imports.flatMap((site) => {
    const problem = importProblem(file, wing, row, site, exists);
    return problem === undefined ? [] : [`${file}:${site.line}: ${problem}`];
  });
  // oxlint restricts the name BigInt, not the literal.
  const pure = ['base', 'plan', 'twin', 'host', 'model'].includes(wing);
  const bigints = pure ? facts.bigintLines.map((line) => `${file}:${line}: no BigInt in the core`) : [];
  return [...imports, ...bigints];
}

function importProblem(
  file: string,
  wing: string,
  row: Row,
  site: ImportSite,
  exists: (path: string) => boolean,
): string | undefined {
  if (!site.specifier.startsWith('.')) return packageProblem(wing, row, site.specifier);
  const target = posix.join(posix.dirname(file), site.specifier.replace(/\?.*$/, ''));
  const to = wingOf(target);
  if (!exists(target)) return `imports ${target}, which does not exist`;
  if (to === wing || (to !== undefined && row.wings.includes(to))) return undefined;
  if (to === undefined) return `imports ${target}, which belongs to no wing`;
  if (!row.types?.includes(to)) return `${wing} may not import ${to} (${target})`;
  return site.typeOnly ? undefined : `${wing} may import only types of ${to} (${target})`;
}

function packageProblem(wing: string, row: Row, specifier: string): string | undefined {
  const parts = specifier.split('/');
  const name = specifier.startsWith('node:') ? 'node:' : parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return row.packages?.includes(name) ? undefined : `${wing} may not import the package ${specifier}`;
}

function wingOf(file: string): string | undefined {
  return WINGS.find(([prefix]) => (prefix.endsWith('/') ? file.startsWith(prefix) : file === prefix))?.[1];
}

const CODE = ['.ts', '.mjs'];
const FOLDERS = ['src', 'bench', 'tools'];
const FEWEST = 20;

/** The step: all modules on disk, counted twice. */
export async function layersStep(): Promise<StepResult> {
  const modules = new Map(FOLDERS.flatMap((folder) => filesBelow(folder, CODE)).map((file) => [file, readText(file)]));
  const others = new Set(['package.json', ...['shaders', ...FOLDERS].flatMap((folder) => filesBelow(folder, ['']))]);
  const report = checkLayers(modules, others);
  const problems = [...report.problems, ...countProblems(report, modules)];
  return verdict(problems, report.modules, `modules with ${report.imports} imports`);
}

/** A walk that sees nothing finds nothing wrong: compare it with what is on disk and in the text. */
function countProblems(report: LayerReport, modules: ReadonlyMap<string, string>): string[] {
  const onDisk = FOLDERS.reduce((sum, folder) => sum + CODE.reduce((n, end) => n + countBelow(folder, [end]), 0), 0);
  const inText = [...modules.values()].reduce((sum, source) => sum + roughImports(source), 0);
  const problems: string[] = [];
  if (report.modules !== onDisk) problems.push(`the walk saw ${report.modules} modules of ${onDisk} on disk`);
  if (report.modules < FEWEST) problems.push(`only ${report.modules} modules: expected at least ${FEWEST}`);
  if (report.imports < inText) problems.push(`the parser saw ${report.imports} imports, the text shows ${inText}`);
  return problems;
}

/** Import statements that begin a line, counted without a parser. */
function roughImports(source: string): number {
  return source.match(/^(?:import|export)\b[^;'"]*?\bfrom\s+['"]/gm)?.length ?? 0;
}
