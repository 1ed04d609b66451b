// What stands around the picture as text: captions of the decks, the legend, the words under the pointer.
import { PAGE_STATE, type Snapshot } from '../../lab/session/protocol.ts';
import { TILE } from '../scene/tile-kinds.ts';
import type { Session } from '../state/session.ts';
import { el, setText } from './dom.ts';
import { address, byteRate, bytes, grouped } from './format.ts';
import { stateName, vpnOfPage } from './page-facts.ts';

const LEGEND: readonly (readonly [className: string, label: string])[] = [
  ['system', 'system'],
  ['vram', 'VRAM'],
  ['to-vram', 'to VRAM'],
  ['to-ram', 'home'],
  ['faulting', 'faulting'],
  ['pinned', 'pinned'],
  ['table', 'page tables'],
  ['away', 'empty or elsewhere'],
];

/** Figures that change faster cannot be read. */
const CAPTION_MS = 200;

export function mountSceneFrame(into: HTMLElement, session: Session): void {
  const [system, systemFigures] = caption('system', 'System memory');
  const [vram, vramFigures] = caption('vram', 'VRAM');
  const rates = el('div', { class: 'rates' });
  const legend = el('ul', { class: 'legend', 'aria-label': 'Legend' });
  for (const [name, label] of LEGEND)
    legend.append(el('li', {}, el('span', { class: `swatch ${name}`, 'aria-hidden': 'true' }), label));
  into.append(system, vram, rates, legend);
  let shownMs = -Infinity;
  session.snapshot.watch((snapshot) => {
    const now = performance.now();
    if (snapshot === null || now - shownMs < CAPTION_MS) return;
    shownMs = now;
    const { atHome, resident, blocks } = countsOf(snapshot);
    const last = session.history.samples.at(-1);
    setText(rates, last === undefined ? '' : rateWords(last.upBytes, last.downBytes));
    setText(systemFigures, `${grouped(atHome)} of ${grouped(snapshot.pageState.length)} pages`);
    setText(
      vramFigures,
      `${grouped(resident)} pages · ${bytes(blocks.data * 4096)} of ${bytes((blocks.data + blocks.free) * 4096)} in use`,
    );
  });
}

function caption(name: string, title: string): [HTMLElement, HTMLElement] {
  const figures = el('span', { class: 'number' });
  return [el('div', { class: `caption ${name}` }, el('strong', {}, title), figures), figures];
}

function countsOf({ pageState, vramBlocks }: Snapshot) {
  let [atHome, resident] = [0, 0];
  for (const state of pageState) {
    if (state === PAGE_STATE.system || state === PAGE_STATE.toVram) atHome++;
    else if (state === PAGE_STATE.vram || state === PAGE_STATE.pinned || state === PAGE_STATE.toRam) resident++;
  }
  const blocks = { free: 0, data: 0 };
  for (let i = 0; i + 3 < vramBlocks.length; i += 4) {
    const frames = vramBlocks[i + 1] as number;
    if (vramBlocks[i + 2] === 0) blocks.free += frames;
    else if (vramBlocks[i + 2] === 1) blocks.data += frames;
  }
  return { atHome, resident, blocks };
}

export interface Hovered {
  readonly page: number;
  readonly pages: number;
  readonly frame: number;
  readonly kind: number;
}

/** A small label that follows the pointer. */
export class HoverLabel {
  readonly #label = el('div', { class: 'hover-label', hidden: true });
  readonly #session: Session;
  readonly #into: HTMLElement;

  constructor(into: HTMLElement, session: Session) {
    this.#into = into;
    this.#session = session;
    into.append(this.#label);
  }

  show(hovered: Hovered | null, x: number, y: number): void {
    const words = hovered === null ? null : this.#words(hovered);
    this.#label.hidden = words === null;
    this.#into.classList.toggle('over-page', hovered !== null && hovered.page >= 0);
    if (words === null) return;
    setText(this.#label, words);
    const right = x > this.#into.clientWidth - 260;
    this.#label.style.transform = `translate(${x + (right ? -12 : 14)}px, ${y + 16}px)${right ? ' translateX(-100%)' : ''}`;
  }

  #words({ page, pages, frame, kind }: Hovered): string | null {
    const snapshot = this.#session.snapshot.value;
    if (snapshot === null) return null;
    const inFrame = frame < 0 ? '' : `frame ${grouped(frame)} · `;
    if (page < 0) return frame < 0 ? null : `${inFrame}${FRAME_WORDS[kind] ?? 'no page'}`;
    const vpn = vpnOfPage(this.#session.vmas.value, page);
    const group = pages > 1 ? ` · ${pages} pages a tile` : '';
    return `${inFrame}${vpn === null ? `page ${page}` : address(vpn)} · ${stateName(snapshot.pageState[page] ?? 0)}${group}`;
  }
}

const FRAME_WORDS: Readonly<Record<number, string>> = {
  [TILE.free]: 'free',
  [TILE.allocated]: 'allocated, no page yet',
  [TILE.table]: 'page table',
  [TILE.reserve]: 'reserve for page tables',
  [TILE.toVram]: 'arriving',
};

/** Rates between the decks, in words above the streams. */
function rateWords(upBytes: number, downBytes: number): string {
  return `${byteRate(upBytes)} →   ← ${byteRate(downBytes)}`;
}
