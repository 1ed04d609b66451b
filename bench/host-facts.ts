// What Node knows about the machine, for the report's environment.
import { arch, cpus, release, totalmem, type } from 'node:os';
import packageJson from '../package.json' with { type: 'json' };
import type { HostFacts } from '../src/lab/measure/environment.ts';

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
    versions: { webgpu: packageJson.devDependencies.webgpu, v8: process.versions.v8 },
  };
}
