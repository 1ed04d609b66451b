// Every command of the page with its id and hotkey, in one list; keys typed into a field are never taken.
export interface Command {
  readonly id: string;
  readonly title: string;
  /** Value of KeyboardEvent.key; null for commands without a key. */
  readonly key: string | null;
  run(): void;
}

export class Commands {
  readonly #list: Command[] = [];

  get all(): readonly Command[] {
    return this.#list;
  }

  add(...commands: readonly Command[]): void {
    for (const command of commands) {
      const taken = this.#list.find(({ id, key }) => id === command.id || (key !== null && key === command.key));
      if (taken !== undefined) throw new Error(`command ${command.id} clashes with ${taken.id}`);
      this.#list.push(command);
    }
  }

  run(id: string): void {
    const command = this.#list.find((one) => one.id === id);
    if (command === undefined) throw new Error(`no command ${id}`);
    command.run();
  }

  /** The command that this key press means; undefined when the press belongs to someone else. */
  forKey(press: KeyPress): Command | undefined {
    if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing) return undefined;
    if (ownsKey(press.target, press.key)) return undefined;
    return this.#list.find(({ key }) => key !== null && key === press.key.toLowerCase());
  }

  listen(target: Document): void {
    target.addEventListener('keydown', (event) => {
      if (event.defaultPrevented || event.repeat) return;
      const command = this.forKey({ ...modifiers(event), key: event.key, target: describe(event.target) });
      if (command === undefined) return;
      event.preventDefault();
      command.run();
    });
  }
}

/** The element under a key press, as far as it matters. */
export interface KeyTarget {
  readonly tag: string;
  readonly type: string;
  readonly role: string;
  readonly editable: boolean;
}

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
  readonly target: KeyTarget | null;
}

const TYPING = new Set(['input', 'textarea', 'select']);
const PRESSING = new Set(['button', 'a', 'summary']);

/** Fields own every key but Escape; buttons, links and tabs own those that press or move them. */
function ownsKey(target: KeyTarget | null, key: string): boolean {
  if (target === null || key === 'Escape') return false;
  if (target.editable || TYPING.has(target.tag)) return true;
  const presses = key === ' ' || key === 'Enter';
  return presses && (PRESSING.has(target.tag) || target.role === 'button' || target.role === 'tab');
}

function modifiers(event: KeyboardEvent): Omit<KeyPress, 'key' | 'target'> {
  const { ctrlKey, metaKey, altKey, isComposing } = event;
  return { ctrlKey, metaKey, altKey, isComposing };
}

function describe(target: EventTarget | null): KeyTarget | null {
  if (!(target instanceof HTMLElement)) return null;
  const type = target instanceof HTMLInputElement ? target.type : '';
  const tag = target.tagName.toLowerCase();
  return { tag, type, role: target.getAttribute('role') ?? '', editable: target.isContentEditable };
}
