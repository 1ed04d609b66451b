// Serves the built page on a free port of this machine, building it first when a source is newer.
import { preview } from 'vite';
import { ROOT } from '../../tools/cache.mjs';
import { builtPage } from '../../tools/targets.mjs';

export interface ServedPage {
  /** With a slash at its end. */
  url: string;
  close: () => Promise<void>;
}

export async function servePage(): Promise<ServedPage> {
  const outDir = await builtPage();
  const server = await preview({
    root: ROOT,
    logLevel: 'warn',
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0 },
  });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error('the page is served nowhere');
  return { url, close: () => server.close() };
}
