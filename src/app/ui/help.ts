// The help: what the picture shows, every key, and where the data stays.
import type { Commands } from '../state/commands.ts';
import { button, el } from './dom.ts';

const KEY_NAMES: Readonly<Record<string, string>> = { ' ': 'space', escape: 'Esc' };

const WORDS = [
  'A program on the GPU touches pages of an address space. A page that is not in VRAM faults; the model of the Linux driver decides what to move, and shaders move it. When VRAM is full, something has to go home first.',
  'Left: the address space, page by page; a hollow place means that its page is in VRAM. Right: VRAM, frame by frame. Pages that move fly from one to the other. Click one to learn why it moved.',
  'Settings marked with a dot take effect at once and are marked on the charts; the others apply on Reset. The address bar holds the whole scenario: copy it to share a run.',
  'Drop a trace (Valgrind lackey) anywhere on the page to replay it.',
  'Everything happens on this machine: nothing is uploaded. Reports are stored in this browser.',
];

export class Help {
  readonly #dialog: HTMLDialogElement;
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
    this.#dialog = el('dialog', { class: 'help', 'aria-labelledby': 'help-title' });
    document.body.append(this.#dialog);
  }

  toggle(): void {
    if (this.#dialog.open) return this.#dialog.close();
    const keys = this.#commands.all.filter(({ key }) => key !== null);
    const rows = keys.flatMap(({ key, title }) => [
      el('dt', {}, el('kbd', {}, keyName(key ?? ''))),
      el('dd', {}, title),
    ]);
    this.#dialog.replaceChildren(
      el('h2', { id: 'help-title' }, 'What you see'),
      ...WORDS.map((text) => el('p', {}, text)),
      el('h2', {}, 'Keys'),
      el('dl', { class: 'keys' }, ...rows),
      button('Close', { class: 'primary', autofocus: true }, () => this.#dialog.close()),
    );
    this.#dialog.showModal();
  }
}

function keyName(key: string): string {
  return KEY_NAMES[key] ?? key;
}
