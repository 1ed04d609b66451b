// The quick benchmark from the page: one button, progress, and the report's own table.
import { reportTable } from '../../lab/measure/table.ts';
import type { BenchProgress } from '../state/bench.ts';
import type { Session } from '../state/session.ts';
import { button, el, setText } from './dom.ts';

const ABOUT =
  'Throughput both ways for 4K, 64K and 2M chunks, binds, zaps, walks, fault round trips and whole migrations, each beside its peers. A minute or two in software; the run above stops first.';

export function mountBench(into: HTMLElement, session: Session): void {
  const { bench } = session;
  const bar = el('progress', { max: 1, value: 0, hidden: true, 'aria-label': 'Benchmark progress' });
  const label = el('span', { class: 'quiet', role: 'status' }, ABOUT);
  const table = el('pre', { class: 'table-text', tabindex: 0, hidden: true, 'aria-label': 'Benchmark result' });
  const start = button('Run quick benchmark', { class: 'primary' }, () => session.startBench());
  const cancel = button('Cancel', { hidden: true }, () => bench.cancel());
  into.append(el('div', { class: 'row' }, start, cancel, bar, label), table);
  bench.state.watch((state) => {
    start.disabled = state !== 'idle';
    bar.hidden = cancel.hidden = state === 'idle';
    if (state === 'waiting') setText(label, 'The run above is being stopped.');
  });
  bench.progress.watch((progress) => {
    if (progress === null) return;
    setText(label, progressText(progress));
    bar.value = progress.total === null || progress.total === 0 ? 0 : progress.done / progress.total;
  });
  bench.failure.watch((message) => message !== null && setText(label, message));
  bench.report.watch((report) => {
    if (report === null) return;
    table.hidden = false;
    setText(table, reportTable(report));
    setText(
      label,
      `${report.partial ? 'Stopped; what was measured' : 'Finished; the report'} is stored under Reports.`,
    );
  });
}

function progressText({ label, secondsLeft }: BenchProgress): string {
  return secondsLeft === null ? label : `${label} · about ${secondsLeft} s left`;
}
