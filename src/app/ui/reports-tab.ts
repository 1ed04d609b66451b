// Recorded reports of this browser: read as a table, downloaded as JSON, deleted. They stay on this machine.
import { reportTable, headline } from '../../lab/measure/table.ts';
import type { Report } from '../../lab/measure/report.ts';
import { reportFileName, StoredReports, type StoredReport } from '../state/stored-reports.ts';
import { button, el, setText } from './dom.ts';

export class ReportsTab {
  readonly #stored = new StoredReports();
  readonly #list = el('ul', { class: 'reports', 'aria-label': 'Stored reports' });
  readonly #view = el('pre', { class: 'table-text', tabindex: 0, hidden: true, 'aria-label': 'Report' });
  readonly #empty = el(
    'p',
    { class: 'quiet' },
    'None yet. Record (s) verifies every page, stores a report here and downloads its JSON. Nothing is uploaded.',
  );
  readonly #tell: (message: string) => void;

  /** `tell` shows what went wrong with the database. */
  constructor(into: HTMLElement, tell: (message: string) => void) {
    this.#tell = tell;
    into.append(el('div', { class: 'split' }, el('div', {}, this.#empty, this.#list), this.#view));
    void this.refresh();
  }

  async add(report: Report): Promise<void> {
    await this.#try(() => this.#stored.add(report));
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const reports = await this.#try(() => this.#stored.list());
    if (reports === undefined) return;
    this.#empty.hidden = reports.length > 0;
    this.#list.replaceChildren(...reports.map((one) => this.#item(one)));
  }

  #item({ id, result }: StoredReport): HTMLElement {
    const item = el('li', {});
    const remove = button('Delete', { class: 'quiet-button' }, () => void this.#remove(id));
    if (!result.ok)
      item.append(el('span', { class: 'field-message refused' }, `unreadable: ${result.message}`), remove);
    else
      item.append(
        ...this.#words(result.report),
        button('JSON', {}, () => download(result.report)),
        remove,
      );
    return item;
  }

  #words(report: Report): HTMLElement[] {
    const when = new Date(report.createdAt).toLocaleString();
    const open = button(when, { class: 'link' }, () => {
      this.#view.hidden = false;
      setText(this.#view, reportTable(report));
    });
    return [
      open,
      el('span', { class: 'quiet' }, `${kindWords(report)} · ${headline(report).replace('adapter: ', '')}`),
    ];
  }

  async #remove(id: number): Promise<void> {
    await this.#try(() => this.#stored.remove(id));
    this.#view.hidden = true;
    await this.refresh();
  }

  /** Databases fail for reasons of the browser (private windows, full disks): the reason is shown. */
  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#tell(
        `The reports of this browser cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
      );
      return undefined;
    }
  }
}

function kindWords({ run, scenario }: Report): string {
  const workload = (scenario['workload'] as { name?: unknown } | undefined)?.name;
  return typeof workload === 'string' ? `${run.kind}, ${workload}` : run.kind;
}

export function download(report: Report): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: 'application/json' }));
  const link = el('a', { href: url, download: reportFileName(report) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
