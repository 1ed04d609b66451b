// What Node knows about the machine, for the report's environment.
import { readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import packageJson from '../package.json' with { type: 'json' };
import type { HostFacts } from '../src/lab/measure/environment.ts';

/** Caches of the first processor, where Linux tells. */
const CACHES = '/sys/devices/system/cpu/cpu0/cache';

export function nodeHost(): HostFacts {
  const processors = cpus();
  return {
    runtime: 'node',
    version: process.version,
    os: `${type()} ${release()}`,
    architecture: arch(),
    cpu: processors[0]?.model ?? '',
    cpuCount: processors.length,
    memoryBytes: totalmem(),
    lastLevelCacheBytes: lastLevelCache(CACHES),
    versions: { webgpu: packageJson.devDependencies.webgpu, v8: process.versions.v8 },
  };
}

/** Size of the cache of the highest level below `folder` (sysfs, as Linux lays it out); null where there is none to see. */
export function lastLevelCache(folder: string): number | null {
  try {
    const caches = readdirSync(folder)
      .filter((name) => name.startsWith('index'))
      .map((name) => ({ level: sysNumber(folder, name, 'level'), bytes: sysNumber(folder, name, 'size') }))
      .filter(({ level, bytes }) => level > 0 && bytes > 0);
    caches.sort((a, b) => b.level - a.level);
    return caches[0]?.bytes ?? null;
  } catch {
    return null;
  }
}

/** '32768K' → 33554432; 0 for what is no number. */
function sysNumber(folder: string, cache: string, file: string): number {
  const match = /^(\d+)([KMG]?)$/.exec(readFileSync(`${folder}/${cache}/${file}`, 'utf8').trim());
  return match === null ? 0 : Number(match[1]) * 1024 ** ['', 'K', 'M', 'G'].indexOf(match[2] ?? '');
}
