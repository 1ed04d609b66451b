// Traces from disk: dropped anywhere on the page, or chosen in a dialog. The bytes stay in this page and its worker.
import type { Trace } from '../state/session.ts';
import { el } from './dom.ts';

/** Larger files would not fit beside the model in one tab. */
const MOST_BYTES = 512 * 1024 * 1024;

export class TraceDrop {
  readonly #input = el('input', { type: 'file', hidden: true, 'aria-label': 'Trace file' });
  readonly #opened: (trace: Trace) => void;
  readonly #refused: (message: string) => void;

  constructor(opened: (trace: Trace) => void, refused: (message: string) => void) {
    this.#opened = opened;
    this.#refused = refused;
    document.body.append(this.#input);
    this.#input.addEventListener('change', () => {
      void this.#read(this.#input.files?.[0]);
      this.#input.value = '';
    });
    this.#listen();
  }

  choose(): void {
    this.#input.click();
  }

  #listen(): void {
    const veil = el(
      'div',
      { class: 'drop-veil', hidden: true },
      el('p', {}, 'Drop a trace to replay it. It stays on this machine.'),
    );
    document.body.append(veil);
    addEventListener('dragover', (event) => {
      event.preventDefault();
      veil.hidden = false;
    });
    addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) veil.hidden = true;
    });
    addEventListener('drop', (event) => {
      event.preventDefault();
      veil.hidden = true;
      void this.#read(event.dataTransfer?.files[0]);
    });
  }

  async #read(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    if (file.size > MOST_BYTES) {
      return this.#refused(`trace is ${file.name} of ${file.size} bytes, allowed: at most ${MOST_BYTES}`);
    }
    try {
      this.#opened({ name: file.name, bytes: await file.arrayBuffer() });
    } catch (error) {
      this.#refused(`trace is ${file.name}, which cannot be read: ${String(error)}`);
    }
  }
}
