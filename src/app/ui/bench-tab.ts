// The quick benchmark from the page: one button, progress, and the report's own table.
import { reportTable } from '../../lab/measure/table.ts';
import type { Session } from '../state/session.ts';
import { button, el, setText } from './dom.ts';

export function mountBench(into: HTMLElement, session: Session): void {
  const bar = el('progress', { max: 1, value: 0, hidden: true, 'aria-label': 'Benchmark progress' });
  const label = el(
    'span',
    { class: 'quiet', role: 'status' },
    'Throughput both ways for 4K, 64K and 2M chunks, binds, zaps, walks and fault round trips. About a minute; the run above stops meanwhile.',
  );
  const table = el('pre', { class: 'table-text', tabindex: 0, hidden: true, 'aria-label': 'Benchmark result' });
  const start = button('Run quick benchmark', { class: 'primary' }, () => session.bench());
  into.append(el('div', { class: 'row' }, start, bar, label), table);
  session.progress.watch((progress) => {
    bar.hidden = progress === null || progress.done >= progress.total;
    if (progress === null) return;
    setText(label, `${progress.label} · ${progress.done} of ${progress.total}`);
    bar.value = progress.total === 0 ? 0 : progress.done / progress.total;
  });
  session.benchRefusal.watch((message) => message !== null && setText(label, message));
  session.report.watch((report) => {
    if (report === null || report.run.kind !== 'bench') return;
    table.hidden = false;
    setText(table, reportTable(report));
    setText(label, 'Finished; the report is stored under Reports.');
  });
}
