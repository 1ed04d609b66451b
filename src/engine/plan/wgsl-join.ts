// Joins a shader with the library files it imports, each exactly once and before its importer, and can name the file
// and line that every joined line came from.
//
// WGSL has no modules. A line `#import walk` in `copy-pages.wgsl` stands for the whole of `lib/walk.wgsl`: nothing is
// renamed, nothing is conditional, so that a later move to a real module system is mechanical.

/** Where one joined line came from: the file's key (`lib/walk.wgsl`) and its 1-based line. */
export interface SourceLine {
  file: string;
  line: number;
}

/** `lines[i]` is the origin of line `i + 1` of `code`. */
export interface JoinedShader {
  code: string;
  lines: readonly SourceLine[];
}

/** WGSL text by path relative to `shaders/`: `copy-pages.wgsl`, `lib/walk.wgsl`. */
export type WgslFiles = Readonly<Record<string, string>>;

interface Join {
  files: WgslFiles;
  done: Set<string>;
  /** Files being joined now, outermost first: an import of one of them is a cycle. */
  open: string[];
  code: string[];
  lines: SourceLine[];
}

const IMPORT = /^\s*#import\b(.*)$/;
const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Joins `entry` with everything it imports. Throws an `Error` that names file and line of a bad import. */
export function joinWgsl(entry: string, files: WgslFiles): JoinedShader {
  const join: Join = { files, done: new Set(), open: [], code: [], lines: [] };
  addFile(join, entry, `no shader ${entry}`);
  return { code: join.code.join('\n') + '\n', lines: join.lines };
}

/** The file and line of a 1-based line of the joined code, as `copy-pages.wgsl:12`, for messages of a compiler. */
export function wgslOrigin(shader: JoinedShader, line: number): string {
  const origin = shader.lines[line - 1];
  return origin === undefined ? `joined line ${line}` : `${origin.file}:${origin.line}`;
}

function addFile(join: Join, file: string, missing: string): void {
  const text = Object.hasOwn(join.files, file) ? join.files[file] : undefined;
  if (text === undefined) throw new Error(missing);
  join.open.push(file);
  text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .forEach((line, index) => addLine(join, file, line, index + 1));
  join.open.pop();
  join.done.add(file);
}

function addLine(join: Join, file: string, text: string, line: number): void {
  const match = IMPORT.exec(text);
  if (match !== null) return addImport(join, `${file}:${line}`, match[1] ?? '');
  join.code.push(text);
  join.lines.push({ file, line });
}

function addImport(join: Join, at: string, rest: string): void {
  const name = rest.replace(/\/\/.*$/, '').trim();
  if (!NAME.test(name)) throw new Error(`${at}: #import wants the name of a file in shaders/lib, not "${name}"`);
  const file = `lib/${name}.wgsl`;
  if (join.done.has(file)) return;
  if (join.open.includes(file)) throw new Error(`${at}: import cycle ${[...join.open, file].join(' → ')}`);
  addFile(join, file, `${at}: no shaders/${file}`);
}
