// The frame of a chart: title, unit, newest figures, and the button that turns the picture into a table.
import { button, el, setText } from './dom.ts';

export interface Figure {
  readonly label: string;
  readonly colour: string;
  readonly text: string;
}

export class ChartCard {
  readonly element: HTMLElement;
  readonly body = el('div', { class: 'chart-body' });
  readonly #table = el('div', { class: 'chart-table', hidden: true, tabindex: 0 });
  readonly #unit = el('span', { class: 'unit' });
  readonly #figures = el('div', { class: 'figures' });
  readonly #toggle: HTMLButtonElement;

  constructor(id: string, title: string) {
    this.#table.setAttribute('aria-label', `${title}, table`);
    this.#toggle = button(
      'table',
      { class: 'toggle', 'aria-pressed': 'false', 'aria-label': `${title} as a table` },
      () => this.#flip(),
    );
    const head = el('header', {}, el('h2', {}, title), this.#unit, softwareMark(), this.#toggle);
    this.element = el('section', { class: 'chart', 'data-chart': id, 'aria-label': title }, head, this.#figures);
    this.element.append(this.body, this.#table);
  }

  get showsTable(): boolean {
    return !this.#table.hidden;
  }

  unit(text: string): void {
    setText(this.#unit, text);
  }

  /** The newest values: the legend and the reading in one. */
  figures(figures: readonly Figure[]): void {
    if (this.#figures.childElementCount !== figures.length) this.#figures.replaceChildren(...figures.map(figureOf));
    figures.forEach(({ text }, i) => setText(this.#figures.children[i]?.lastElementChild as Element, text));
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const cells = (row: readonly string[], tag: 'th' | 'td'): HTMLElement =>
      el('tr', {}, ...row.map((text) => el(tag, tag === 'th' ? { scope: 'col' } : {}, text)));
    const body = el('tbody', {}, ...rows.map((row) => cells(row, 'td')));
    this.#table.replaceChildren(el('table', {}, el('thead', {}, cells(head, 'th')), body));
  }

  #flip(): void {
    const table = !this.showsTable;
    this.#table.hidden = !table;
    this.body.hidden = table;
    this.#toggle.setAttribute('aria-pressed', String(table));
    setText(this.#toggle, table ? 'chart' : 'table');
  }
}

/** Filled by the style sheet, from what the session runs on. */
function softwareMark(): HTMLElement {
  return el('span', {
    class: 'software-mark',
    title: 'No GPU made these figures: compare ratios, never absolute rates.',
  });
}

function figureOf({ label, colour }: Figure): HTMLElement {
  const key = el('span', { class: 'key', style: `--key: var(--${colour})`, 'aria-hidden': 'true' });
  return el('span', { class: `figure ${colour}` }, key, el('span', { class: 'quiet' }, label), el('b', {}));
}
