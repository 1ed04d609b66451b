// The one owner of shader text: every WGSL file of `shaders/`, joined with its imports on demand.
import { joinWgsl, type JoinedShader, type WgslFiles } from '../plan/wgsl-join.ts';

const PREFIX = '../../../shaders/';

const MODULES = import.meta.glob<string>('../../../shaders/**/*.wgsl', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** WGSL text by path relative to `shaders/`. */
export const WGSL_FILES: WgslFiles = Object.fromEntries(
  Object.entries(MODULES).map(([path, text]) => [path.slice(PREFIX.length), text]),
);

/** Names of the programs: files of `shaders/` itself, without `.wgsl`, in alphabetical order. */
export const PROGRAMS: readonly string[] = Object.keys(WGSL_FILES)
  .filter((file) => !file.startsWith('lib/'))
  .map((file) => file.slice(0, -'.wgsl'.length))
  .sort();

/** The joined text of one program, with the origin of each of its lines. */
export function shaderSource(program: string): JoinedShader {
  return joinWgsl(`${program}.wgsl`, WGSL_FILES);
}
