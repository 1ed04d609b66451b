// Lists the repository's own files, by path from its root with forward slashes, in order.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../cache.mjs';

/** All files below a folder whose names end as given; none where there is no folder. */
export function filesBelow(folder: string, ends: readonly string[], root = ROOT): string[] {
  const entries = statSync(join(root, folder), { throwIfNoEntry: false }) ? readdirSync(join(root, folder)) : [];
  return entries.flatMap((name) => filesAt(`${folder}/${name}`, ends, root)).sort((a, b) => (a < b ? -1 : 1));
}

function filesAt(path: string, ends: readonly string[], root: string): string[] {
  const entry = statSync(join(root, path));
  if (entry.isDirectory()) return filesBelow(path, ends, root);
  return ends.some((end) => path.endsWith(end)) ? [path] : [];
}

/** The number of such files, by another way of walking: the two must agree. */
export function countBelow(folder: string, ends: readonly string[], root = ROOT): number {
  const entry = statSync(join(root, folder), { throwIfNoEntry: false });
  if (entry === undefined) return 0;
  const names = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return names.filter((file) => file.isFile() && ends.some((end) => file.name.endsWith(end))).length;
}

export function readText(path: string, root = ROOT): string {
  return readFileSync(join(root, path), 'utf8');
}
