// The row of charts: redrawn at most four times a second, and not at all while nothing new came or nobody looks.
import type { Preferences } from '../state/preferences.ts';
import type { Session } from '../state/session.ts';
import { ChartCard } from './chart-card.ts';
import { CHARTS, columnsOf, recent, type ChartSpec } from './chart-specs.ts';
import { digits } from './format.ts';
import { LineChart, WINDOW_SECONDS } from './line-chart.ts';
import { PhaseCard } from './phase-card.ts';

const REDRAW_MS = 250;
const TABLE_ROWS = 24;

interface Drawn {
  readonly spec: ChartSpec;
  readonly card: ChartCard;
  readonly chart: LineChart;
}

export function mountCharts(into: HTMLElement, session: Session, preferences: Preferences): void {
  const cards = CHARTS.map((spec) => ({ spec, card: new ChartCard(spec.id, spec.title) }));
  const phases = new PhaseCard();
  into.append(...cards.map(({ card }) => card.element), phases.card.element);
  const drawn = cards.map(({ spec, card }) => ({ spec, card, chart: new LineChart(card.body, spec) }));
  let lastMs = -Infinity;
  session.snapshot.watch((snapshot) => {
    const now = performance.now();
    if (snapshot === null || now - lastMs < REDRAW_MS || document.hidden) return;
    lastMs = now;
    for (const one of drawn) draw(one, session);
    phases.show(session.history.phases);
  });
  preferences.shade.watch(() => drawn.forEach(({ chart }) => chart.recolour()));
}

function draw({ spec, card, chart }: Drawn, session: Session): void {
  const samples = recent(session.history.samples, WINDOW_SECONDS);
  const { columns, unit } = columnsOf(spec, samples);
  card.unit(unit);
  card.figures(spec.series.map(({ label, colour }, i) => ({ label, colour, text: newest(spec, columns[i + 1]) })));
  if (!card.showsTable) return chart.show(columns, session.history.marks);
  card.table(['s', ...spec.series.map(({ label }) => `${label}, ${unit}`), 'change'], rowsOf(columns, session));
}

function newest(spec: ChartSpec, values: readonly number[] = []): string {
  const value = values.at(-1);
  return value === undefined ? '–' : spec.text(value);
}

/** Newest first, with the live change that fell between two samples. */
function rowsOf(columns: readonly number[][], session: Session): string[][] {
  const times = columns[0] ?? [];
  const rows: string[][] = [];
  for (let i = times.length - 1; i >= 0 && rows.length < TABLE_ROWS; i--) {
    const [after, at] = [times[i - 1] ?? -Infinity, times[i] as number];
    const changes = session.history.marks.filter((mark) => mark.at > after && mark.at <= at).map(({ label }) => label);
    rows.push([at.toFixed(1), ...columns.slice(1).map((values) => digits(values[i] as number)), changes.join(', ')]);
  }
  return rows;
}
