// The scenario as the user is editing it: judged on every change, live fields sent at once, the rest kept for the next reset.
import type { Scenario, ScenarioResult } from '../../lab/session/scenario.ts';
import { fieldAt, fromText, getField, scenarioFields, setField, toText } from '../../lab/session/scenario-fields.ts';
import { Cell } from './cell.ts';

export class Draft {
  /** What the controls show. */
  readonly wanted: Cell<Scenario>;
  /** What runs: as started, with the live changes since. */
  readonly running: Cell<Scenario>;
  /** Why the last input of a field was not taken, by its path. */
  readonly refusals = new Cell<ReadonlyMap<string, string>>(new Map());
  readonly #tune: (path: string, value: unknown) => void;
  /** Values before the last tune, to go back to when the session refuses it. */
  readonly #before = new Map<string, unknown>();
  /** What ran before the last start. */
  #previous: Scenario;

  constructor(scenario: Scenario, tune: (path: string, value: unknown) => void) {
    this.wanted = new Cell(scenario);
    this.running = new Cell(scenario);
    this.#previous = scenario;
    this.#tune = tune;
  }

  /** The wanted scenario becomes the running one. */
  begin(): Scenario {
    this.#before.clear();
    this.refusals.set(new Map());
    this.#previous = this.running.value;
    this.running.set(this.wanted.value);
    return this.wanted.value;
  }

  /** Takes the text for the field, or notes why not and changes nothing. True when it was taken. */
  change(path: string, text: string): boolean {
    const field = fieldAt(path);
    if (field === undefined) throw new Error(`${path} is no field of a scenario`);
    const value = fromText(field, text.trim());
    const result = setField(this.wanted.value, path, value);
    if (!result.ok) return this.#note(path, result.message);
    this.#forget(path);
    if (text.trim() === toText(field, getField(this.wanted.value, path))) return true;
    this.#before.set(path, getField(this.wanted.value, path));
    this.wanted.set(result.scenario);
    if (field.live) this.#apply(path, getField(result.scenario, path));
    return true;
  }

  /** Replaces the whole, e.g. from the address. */
  replace(scenario: Scenario): void {
    this.refusals.set(new Map());
    this.wanted.set(scenario);
  }

  /**
   * A refusal by the session, shown beside its field. A live field gets its last value back; a refused start leaves the
   * input to be mended. False when no field has this path.
   */
  refuse(path: string, message: string): boolean {
    const field = fieldAt(path);
    if (field === undefined) return false;
    if (field.live && this.#before.has(path)) this.#goBack(path, this.#before.get(path));
    else this.running.set(this.#previous);
    this.#note(path, message);
    return true;
  }

  /** Fields whose wanted value waits for the next reset. */
  pending(): readonly string[] {
    const [wanted, running] = [this.wanted.value, this.running.value];
    const differs = (path: string): boolean =>
      JSON.stringify(getField(wanted, path)) !== JSON.stringify(getField(running, path));
    return scenarioFields().flatMap(({ path, live }) => (!live && differs(path) ? [path] : []));
  }

  #apply(path: string, value: unknown): void {
    take(setField(this.running.value, path, value), this.running);
    this.#tune(path, value);
  }

  #goBack(path: string, value: unknown): void {
    this.#before.delete(path);
    take(setField(this.wanted.value, path, value), this.wanted);
    take(setField(this.running.value, path, value), this.running);
  }

  #note(path: string, message: string): false {
    this.refusals.set(new Map(this.refusals.value).set(path, message));
    return false;
  }

  #forget(path: string): void {
    if (!this.refusals.value.has(path)) return;
    const rest = new Map(this.refusals.value);
    rest.delete(path);
    this.refusals.set(rest);
  }
}

function take(result: ScenarioResult, into: Cell<Scenario>): void {
  if (result.ok) into.set(result.scenario);
}
