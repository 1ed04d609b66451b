// A scenario as the readable part of a URL after '#': v=1 and key=value for what differs from the defaults.
import { assert } from '../../base/assert.ts';
import type { Refusal } from './refusal.ts';
import { DEFAULT_SCENARIO, type Scenario } from './scenario.ts';
import { getField, scenarioFields, toText, withTexts, type FieldInfo } from './scenario-fields.ts';

const VERSION = '1';

/** What a URL said. Nothing in it can make reading fail: what is not understood is reported and left at its default. */
export interface FromUrl {
  readonly scenario: Scenario;
  /** Keys that no field has. */
  readonly unknown: readonly string[];
  readonly refused: readonly Refusal[];
  /** A version that this program does not know; null when it does. */
  readonly version: string | null;
}

/** 'v=1&vram=25%25&chunks=64K,4K', without the '#'. */
export function toUrl(scenario: Scenario): string {
  const parts = [`v=${VERSION}`];
  for (const field of scenarioFields()) {
    const text = toText(field, getField(scenario, field.path));
    if (text !== toText(field, field.defaultValue)) parts.push(`${field.key}=${escape(text)}`);
  }
  return parts.join('&');
}

/** Reads what `toUrl` wrote, with or without '#', and what people write by hand ('vram=50%'). */
export function fromUrl(hash: string): FromUrl {
  const texts = new Map(pairs(hash));
  const version = texts.get('v') ?? VERSION;
  texts.delete('v');
  const known = scenarioFields().filter((field) => texts.has(field.key));
  const unknown = [...texts.keys()].filter((key) => !known.some((field) => field.key === key));
  const entries = new Map(known.map((field) => [field, texts.get(field.key) as string]));
  return { ...mostOf(entries), unknown, version: version === VERSION ? null : version };
}

/** Takes entries out, one refusal at a time, until the rest makes a scenario. */
function mostOf(entries: Map<FieldInfo, string>): Pick<FromUrl, 'scenario' | 'refused'> {
  const refused: Refusal[] = [];
  for (;;) {
    const result = withTexts(DEFAULT_SCENARIO, entries);
    if (result.ok) return { scenario: result.scenario, refused };
    refused.push(result);
    const culprit = [...entries.keys()].find((field) => field.path === result.field);
    assert(culprit !== undefined, () => `the defaults refuse themselves: ${result.message}`);
    entries.delete(culprit);
  }
}

function pairs(hash: string): [string, string][] {
  const parts = hash.replace(/^#/, '').split('&');
  return parts
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [part, ''] : [part.slice(0, at), unescape(part.slice(at + 1))];
    });
}

/** Only what would break the form: commas and the like stay readable. */
function escape(text: string): string {
  return encodeURIComponent(text).replaceAll('%2C', ',');
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
