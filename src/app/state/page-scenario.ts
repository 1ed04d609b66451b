// What the page runs: the address after '#' where there is one, else a run small and slow enough to be followed by eye.
import { DEFAULT_SCENARIO, parseScenario, type Scenario } from '../../lab/session/scenario.ts';
import { fromUrl, toUrl, type FromUrl } from '../../lab/session/scenario-url.ts';

const MIB = 1024 * 1024;

/** Differs from the lab's defaults in pace and size only: the driver's rules are the same. */
export const PAGE_SCENARIO: Scenario = pageScenario();

function pageScenario(): Scenario {
  const { workload, run } = DEFAULT_SCENARIO;
  const slow = { workload: { ...workload, footprintBytes: 32 * MIB, batch: 256 }, run: { ...run, pace: 10 } };
  const result = parseScenario({ ...DEFAULT_SCENARIO, ...slow });
  return result.ok ? result.scenario : DEFAULT_SCENARIO;
}

/** A bare address means the page's own run; with settings, whatever they leave out is the lab's default, as on the command line. */
export function scenarioFromHash(hash: string): FromUrl {
  const bare = hash === '' || hash === '#';
  return bare ? { scenario: PAGE_SCENARIO, unknown: [], refused: [], version: null } : fromUrl(hash);
}

/** What to put after '#' for this scenario; empty for the page's own. */
export function hashOfScenario(scenario: Scenario): string {
  const text = toUrl(scenario);
  return text === toUrl(PAGE_SCENARIO) ? '' : `#${text}`;
}

/** One line for everything in an address that was not taken; null when all of it was. */
export function hashComplaint({ unknown, refused, version }: FromUrl): string | null {
  const parts = [
    version === null ? '' : `it is of version ${version}, which this program does not know`,
    unknown.length === 0 ? '' : `unknown: ${unknown.join(', ')}`,
    ...refused.map((one) => one.message),
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : `Not taken from the address: ${parts.join('; ')}`;
}
