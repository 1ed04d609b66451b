// One 64-bit hash over what a model did, in order and without times: equal runs have equal hashes on every executor.
import { mix32 } from '../../base/mix.ts';
import type { ModelEvent } from '../../model/event/event.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Instants and durations are numbers of nanoseconds and named so; on the live clock they differ from run to run. */
const TIME_SUFFIX = 'Ns';

export class EventHash {
  #low = 0x9e3779b1;
  #high = 0x85ebca77;
  #events = 0;
  readonly #texts = new Map<string, number>();
  readonly #shapes = new Map<string, readonly string[]>();

  /** Events that were hashed. */
  get events(): number {
    return this.#events;
  }

  /** Notes are for people and may quote times: they do not count. */
  add(event: ModelEvent): void {
    if (event.kind === 'note') return;
    this.#events++;
    this.#fields(event);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** By sorted name: the order in which a literal was written must not matter. */
  #fields(fields: Fields): void {
    for (const name of this.#sortedNames(fields)) {
      this.#word(this.#text(name));
      this.#value(fields[name]);
    }
  }

  #value(value: unknown): void {
    if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#word(this.#text(value));
    else if (typeof value === 'object' && value !== null) this.#fields(value as Fields);
    else this.#word(value === true ? 1 : value === false ? 2 : 3);
  }

  /** Page numbers exceed 32 bits, and parameters may have a fraction. */
  #number(value: number): void {
    this.#word(value | 0);
    this.#word(Math.floor(value / 2 ** 32) | 0);
    if (!Number.isInteger(value)) this.#word((value * 2 ** 20) | 0);
  }

  #word(word: number): void {
    this.#low = mix32(this.#low ^ word);
    this.#high = mix32((Math.imul(this.#high, 0x9e3779b1) + word) ^ this.#low);
  }

  #text(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    let state = text.length;
    for (let i = 0; i < text.length; i++) state = mix32(state ^ (text.charCodeAt(i) + (i << 16)));
    this.#texts.set(text, state);
    return state;
  }

  /** Sorted once a shape: a run has few shapes and many events. */
  #sortedNames(fields: Fields): readonly string[] {
    const names = Object.keys(fields);
    const shape = names.join();
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    const sorted = names.filter((name) => !name.endsWith(TIME_SUFFIX)).sort();
    this.#shapes.set(shape, sorted);
    return sorted;
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
