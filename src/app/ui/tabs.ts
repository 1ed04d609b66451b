// The tabs at the bottom: arrow keys move between them, a second press on the open one folds the panel away.
import { button, el, setAttribute } from './dom.ts';

export interface Tab {
  readonly id: string;
  readonly label: string;
}

export class Tabs {
  readonly #buttons = new Map<string, HTMLButtonElement>();
  readonly #panels = new Map<string, HTMLElement>();
  readonly #into: HTMLElement;
  #open: string | null = null;

  constructor(into: HTMLElement, tabs: readonly Tab[], open: string | null) {
    this.#into = into;
    const list = el('div', { role: 'tablist', class: 'tablist', 'aria-label': 'Records' });
    into.append(list);
    for (const tab of tabs) {
      list.append(this.#button(tab));
      into.append(this.#panel(tab));
    }
    list.addEventListener('keydown', (event) => this.#move(event));
    this.open(open);
  }

  panel(id: string): HTMLElement {
    const panel = this.#panels.get(id);
    if (panel === undefined) throw new Error(`no tab ${id}`);
    return panel;
  }

  /** Null folds all of them. */
  open(id: string | null): void {
    this.#open = id;
    for (const [name, panel] of this.#panels) panel.hidden = name !== id;
    const focusable = id ?? [...this.#buttons.keys()][0];
    for (const [name, tab] of this.#buttons) {
      tab.setAttribute('aria-selected', String(name === id));
      tab.tabIndex = name === focusable ? 0 : -1;
    }
    this.#into.classList.toggle('folded', id === null);
  }

  toggle(id: string): void {
    this.open(this.#open === id ? null : id);
  }

  #button({ id, label }: Tab): HTMLButtonElement {
    const tab = button(label, { role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}` }, () => this.toggle(id));
    this.#buttons.set(id, tab);
    return tab;
  }

  #panel({ id }: Tab): HTMLElement {
    const panel = el('div', { role: 'tabpanel', id: `panel-${id}`, class: 'tabpanel' });
    setAttribute(panel, 'aria-labelledby', `tab-${id}`);
    this.#panels.set(id, panel);
    return panel;
  }

  #move(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const all = [...this.#buttons.values()];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const next = all[(at + step + all.length) % all.length];
    next?.focus();
  }
}
