// Keeps files short enough to be held in mind: at most 300 lines, unless the first line says why not.
import { filesBelow, readText } from './files.ts';
import { verdict, type StepResult } from './step.ts';

const MOST_LINES = 300;
const FOLDERS = ['src', 'bench', 'tools', 'shaders'];
const ENDS = ['.ts', '.mjs', '.wgsl', '.css'];

/** The problem with a file's length, if there is one. A long file begins with `// long: reason`. */
export function sizeProblem(file: string, text: string): string | undefined {
  const lines = text.replace(/\n$/, '').split('\n');
  const excused = /^(?:\/\/|\/\*) long: \S/.test(lines[0] ?? '');
  if (lines.length <= MOST_LINES || excused) return undefined;
  return `${file}: ${lines.length} lines; split it, or begin it with "// long: reason" (at most ${MOST_LINES})`;
}

/** The step. Generated files are nobody's reading. */
export async function sizesStep(): Promise<StepResult> {
  const files = FOLDERS.flatMap((folder) => filesBelow(folder, ENDS)).filter((file) => !file.endsWith('.gen.ts'));
  const problems = files.flatMap((file) => sizeProblem(file, readText(file)) ?? []);
  return verdict(problems, files.length, 'files');
}
