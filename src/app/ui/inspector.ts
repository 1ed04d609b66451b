// The inspector: what one page is, where it lies, which range holds it, and why it moved the last times.
import { PAGE_STATE, type Snapshot, type VmaView } from '../../lab/session/protocol.ts';
import { Cell } from '../state/cell.ts';
import type { Session } from '../state/session.ts';
import { el, setText } from './dom.ts';
import { address, bytes, parseAddress } from './format.ts';
import { pageOfVpn, rangeAt, stateName, vpnOfPage } from './page-facts.ts';

const ASK_AGAIN_MS = 1000;

export class Inspector {
  /** Index of the page that is looked at; null when none is. */
  readonly selected = new Cell<number | null>(null);
  readonly #session: Session;
  readonly #search = el('input', {
    type: 'search',
    placeholder: 'go to an address',
    'aria-label': 'Go to address',
    spellcheck: 'false',
  });
  readonly #facts = el('dl', { class: 'facts' });
  readonly #moves = el('ol', { class: 'moves', 'aria-label': 'Last migrations of this page' });
  readonly #hint = el('p', { class: 'quiet hint' }, 'Click a page in the picture, or type an address.');
  readonly #error = el('p', { class: 'field-message refused', role: 'alert', hidden: true });
  #askedMs = -Infinity;

  constructor(into: HTMLElement, session: Session) {
    this.#session = session;
    const form = el('form', { role: 'search' }, this.#search);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#goTo(this.#search.value);
    });
    const head = el('header', {}, el('h2', {}, 'Inspector'), form);
    into.append(head, this.#error, this.#hint, this.#facts, this.#moves);
    this.selected.watch((page) => this.#select(page));
    session.snapshot.watch((snapshot) => this.#refresh(snapshot));
    session.inspected.watch((answer) => {
      if (answer !== null && answer.page === this.selected.value) this.#showMoves(answer.lines);
    });
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  #goTo(text: string): void {
    const vpn = parseAddress(text);
    const page = vpn === null ? null : pageOfVpn(this.#session.vmas.value, vpn);
    this.#error.hidden = page !== null;
    if (page !== null) return this.selected.set(page);
    setText(this.#error, `address is "${text}", allowed: ${spans(this.#session.vmas.value)}`);
  }

  #select(page: number | null): void {
    this.#hint.hidden = page !== null;
    this.#facts.hidden = this.#moves.hidden = page === null;
    this.#moves.replaceChildren();
    this.#askedMs = -Infinity;
    this.#refresh(this.#session.snapshot.value);
  }

  #refresh(snapshot: Snapshot | null): void {
    const page = this.selected.value;
    if (page === null || snapshot === null) return;
    if (page >= snapshot.pageState.length) return this.selected.set(null);
    const now = performance.now();
    if (now - this.#askedMs > ASK_AGAIN_MS) {
      this.#askedMs = now;
      this.#session.inspect(page);
    }
    fill(this.#facts, factsOf(page, snapshot, this.#session.vmas.value));
  }

  #showMoves(lines: readonly string[]): void {
    const shown = lines.length === 0 ? ['no migration yet'] : lines;
    this.#moves.replaceChildren(...shown.map((line) => el('li', {}, line)));
  }
}

function factsOf(page: number, snapshot: Snapshot, vmas: readonly VmaView[]): [string, string][] {
  const vpn = vpnOfPage(vmas, page);
  const state = snapshot.pageState[page] ?? PAGE_STATE.none;
  const frame = snapshot.pageFrame[page] ?? 0xffffffff;
  const range = rangeAt(snapshot.ranges, page);
  return [
    ['page', vpn === null ? String(page) : address(vpn)],
    ['state', stateName(state)],
    ['frame', frame === 0xffffffff ? '–' : String(frame)],
    ['range', range === null ? 'none' : `${bytes(range.pages * 4096)} from ${rangeStart(vmas, range.firstPage)}`],
    ['is', range === null ? '–' : rangeWords(range.flags)],
  ];
}

function rangeStart(vmas: readonly VmaView[], page: number): string {
  const vpn = vpnOfPage(vmas, page);
  return vpn === null ? '–' : address(vpn);
}

function rangeWords(flags: number): string {
  const words = [flags & 1 ? 'bound' : 'not bound', flags & 2 ? 'in VRAM' : 'in system memory'];
  return [...words, ...(flags & 4 ? ['invalidated'] : [])].join(', ');
}

function fill(list: HTMLElement, facts: readonly (readonly [string, string])[]): void {
  if (list.childElementCount !== facts.length * 2)
    list.replaceChildren(...facts.flatMap(([name]) => [el('dt', {}, name), el('dd', {})]));
  facts.forEach(([, text], i) => setText(list.children[2 * i + 1] as Element, text));
}

function spans(vmas: readonly VmaView[]): string {
  const first = vmas[0];
  if (first === undefined) return 'none yet: nothing is mapped';
  const more = vmas.length > 1 ? ` and ${vmas.length - 1} more areas` : '';
  return `${address(first.startVpn)} to below ${address(first.startVpn + first.pages)}${more}`;
}
