// The values at which a field's slider rests. A slider is a shortcut: the text beside it takes every value the schema allows.
const PERCENT = ['0', '10', '25', '50', '75', '90', '100'];
const MILLISECONDS = ['0', '1', '2', '5', '10', '20', '50', '100', '200', '500', '1000'];

const STOPS: Readonly<Record<string, readonly string[]>> = {
  'machine.vram': ['10%', '25%', '50%', '75%', '100%', '150%', '200%'],
  'workload.footprintBytes': ['4M', '8M', '16M', '32M', '64M', '128M', '256M', '512M'],
  'workload.batch': ['1', '4', '16', '64', '256', '1024', '4096', '16384', '65536'],
  'workload.writePercent': PERCENT,
  'workload.atomicPercent': PERCENT,
  'workload.cpuPercent': PERCENT,
  'workload.stridePages': ['1', '2', '4', '16', '64', '512'],
  'migration.timeslice.deviceOnlyMs': MILLISECONDS,
  'migration.timeslice.overrideMs': ['driver', ...MILLISECONDS],
  'migration.minMigrateBytes': ['4K', '64K', '256K', '2M'],
  'engine.tlbLines': ['0', '16', '64', '256', '1024', '4096', '16384'],
  'run.pace': ['1', '2', '5', '10', '20', '50', '100', '200', '500', '0'],
};

/** Texts in order, from left to right; null for a field without a slider. */
export function stopsOf(path: string): readonly string[] | null {
  return STOPS[path] ?? null;
}

/** The stop that `text` stands on or nearest to; numbers compare by value. */
export function nearestStop(stops: readonly string[], text: string): number {
  const exact = stops.indexOf(text);
  if (exact >= 0) return exact;
  const value = magnitude(text);
  const distance = (stop: string): number => Math.abs(Math.log1p(magnitude(stop)) - Math.log1p(value));
  let best = 0;
  stops.forEach((stop, i) => {
    if (distance(stop) < distance(stops[best] as string)) best = i;
  });
  return best;
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

function magnitude(text: string): number {
  const match = /^([\d.]+)([KMG]?)/.exec(text);
  return match === null ? 0 : Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
}
