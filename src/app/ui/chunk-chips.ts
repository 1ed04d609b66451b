// Chips that switch single sizes of the chunk ladder on and off; the text beside them takes any ladder.
import { getField, toText, type FieldInfo } from '../../lab/session/scenario-fields.ts';
import type { Session } from '../state/session.ts';
import { button, el } from './dom.ts';

/** Largest first, as the ladder wants it. */
const SIZES = ['2M', '64K', '4K'] as const;

export function chunkChips(field: FieldInfo, change: (text: string) => void, session: Session): HTMLElement {
  const ladder = (): string[] => toText(field, getField(session.draft.wanted.value, field.path)).split(',');
  const chips = SIZES.map((size) => button(size, { class: 'chip' }, () => change(toggled(ladder(), size))));
  session.draft.wanted.watch(() => {
    chips.forEach((chip, i) => chip.setAttribute('aria-pressed', String(ladder().includes(SIZES[i] as string))));
  });
  return el('div', { class: 'chips', role: 'group', 'aria-label': 'Chunk sizes' }, ...chips);
}

/** The ladder with the size taken out, or put in where it belongs. */
export function toggled(ladder: readonly string[], size: string): string {
  if (ladder.includes(size)) return ladder.filter((one) => one !== size).join(',');
  return [...ladder.filter((one) => one !== ''), size].sort((a, b) => sizeOf(b) - sizeOf(a)).join(',');
}

function sizeOf(text: string): number {
  const unit = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[text.slice(-1)] ?? 1;
  return Number.parseFloat(text) * unit;
}
