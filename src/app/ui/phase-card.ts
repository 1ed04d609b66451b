// p50 and p99 of each phase of fault service on one logarithmic axis, drawn as text can be read: figures stand beside it.
import type { PhaseView } from '../../lab/session/protocol.ts';
import { ChartCard } from './chart-card.ts';
import { el, setText } from './dom.ts';
import { grouped, microseconds } from './format.ts';

/** The axis: 1 µs to 1 s. */
const LOW_US = 1;
const HIGH_US = 1e6;

export class PhaseCard {
  readonly card = new ChartCard('phases', 'Fault service');
  readonly #rows = new Map<string, HTMLElement>();

  constructor() {
    this.card.figures([{ label: 'p50 and p99, 1 µs to 1 s', colour: 'text', text: '' }]);
    this.card.body.classList.add('phases');
  }

  show(phases: readonly PhaseView[]): void {
    for (const view of phases) this.#row(view);
    if (this.card.showsTable) {
      const rows = phases.map(({ phase, count, p50Us, p99Us }) => [
        phase,
        grouped(count),
        microseconds(p50Us),
        microseconds(p99Us),
      ]);
      this.card.table(['phase', 'n', 'p50', 'p99'], rows);
    }
  }

  #row({ phase, count, p50Us, p99Us }: PhaseView): void {
    let row = this.#rows.get(phase);
    if (row === undefined) {
      row = el(
        'div',
        { class: 'phase' },
        el('span', {}, phase),
        el('i', { 'aria-hidden': 'true' }),
        el('span', { class: 'number' }),
      );
      this.#rows.set(phase, row);
      this.card.body.append(row);
    }
    row.style.setProperty('--p50', String(position(p50Us)));
    row.style.setProperty('--p99', String(position(p99Us)));
    row.classList.toggle('empty', count === 0);
    setText(row.lastElementChild as Element, count === 0 ? '–' : pair(p50Us, p99Us));
  }
}

/** Both figures; a unit that they share stands once. */
export function pair(p50Us: number, p99Us: number): string {
  const [low, high] = [microseconds(p50Us), microseconds(p99Us)];
  const unit = high.slice(high.indexOf(' '));
  return low.endsWith(unit) ? `${low.slice(0, -unit.length)} · ${high}` : `${low} · ${high}`;
}

/** 0 to 1 along the logarithmic axis. */
export function position(us: number): number {
  const at = Math.log(Math.max(us, LOW_US) / LOW_US) / Math.log(HIGH_US / LOW_US);
  return Math.min(1, at);
}
