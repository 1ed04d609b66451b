import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SCENARIO, parseScenario, type Scenario } from '../../../src/lab/session/scenario.ts';
import { scenarioFields, withTexts, type FieldInfo } from '../../../src/lab/session/scenario-fields.ts';
import { fromUrl, toUrl } from '../../../src/lab/session/scenario-url.ts';

/** A text that the field accepts. */
function textFor(field: FieldInfo): fc.Arbitrary<string> {
  const base = ((): fc.Arbitrary<string> => {
    switch (field.kind) {
      case 'integer':
        return field.path === 'engine.tlbLines'
          ? powers(0, 24)
          : fc.integer({ min: field.min ?? 0, max: Math.min(field.max ?? 100, 2 ** 31 - 1) }).map(String);
      case 'number':
        return fc.integer({ min: 0, max: 4000 }).map((n) => String(n / 8));
      case 'bytes':
        return fc.integer({ min: 1, max: 2 ** 20 }).map((pages) => String(pages * 4096));
      case 'vram':
        return fc.oneof(
          fc.integer({ min: 1, max: 1000 }).map((p) => `${p}%`),
          fc.integer({ min: 1, max: 4096 }).map((m) => `${m}M`),
        );
      case 'chunks':
        return fc.subarray(['512M', '2M', '64K', '4K'], { minLength: 1 }).map((parts) => parts.join(','));
      case 'boolean':
        return fc.constantFrom('true', 'false');
      case 'choice':
        return fc.constantFrom(...(field.choices ?? []));
    }
  })();
  return field.nullText === null ? base : fc.oneof(base, fc.constant(field.nullText));
}

function powers(from: number, to: number): fc.Arbitrary<string> {
  return fc.integer({ min: from, max: to }).map((n) => String(2 ** n));
}

const scenarios: fc.Arbitrary<Scenario> = fc
  .tuple(...scenarioFields().map((field) => textFor(field).map((text) => [field, text] as const)))
  .map((entries) => withTexts(DEFAULT_SCENARIO, entries))
  .filter((result) => result.ok)
  .map((result) => (result.ok ? result.scenario : DEFAULT_SCENARIO));

describe('a scenario in a URL', () => {
  it('comes back as it was', () => {
    // fast-check prints seed and path of a counterexample.
    fc.assert(
      fc.property(scenarios, (scenario) => {
        expect(fromUrl(`#${toUrl(scenario)}`)).toEqual({ scenario, unknown: [], refused: [], version: null });
      }),
    );
  });

  it('is short and readable', () => {
    const scenario = parseScenario({
      machine: { vram: '25%' },
      migration: { chunks: [65536, 4096], timeslice: { overrideMs: 0.5 } },
    });
    expect(toUrl(DEFAULT_SCENARIO)).toBe('v=1');
    expect(scenario.ok && toUrl(scenario.scenario)).toBe('v=1&vram=25%25&chunks=64K,4K&timeslice=0.5');
  });

  it('is read as people write it, and never fails', () => {
    const read = fromUrl('#v=2&vram=50%&atomics=70&writes=20&colour=red&seed=x&chunks=64K');
    expect(read.scenario.workload).toMatchObject({ atomicPercent: 70, writePercent: 20 });
    expect(read.scenario.migration.chunks).toEqual([65536]);
    expect(read).toMatchObject({ unknown: ['colour'], version: '2' });
    expect(read.refused.map((one) => one.message)).toEqual([
      'run.seed is "x", allowed: a whole number from 0 to 4294967295',
    ]);
  });

  it('drops only what contradicts', () => {
    const read = fromUrl('writes=90&atomics=20&seed=7');
    expect(read.scenario.workload).toMatchObject({ writePercent: 90, atomicPercent: 0 });
    expect(read.scenario.run.seed).toBe(7);
    expect(read.refused).toHaveLength(1);
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string(), (text) => parseScenario(fromUrl(text).scenario).ok));
  });
});
