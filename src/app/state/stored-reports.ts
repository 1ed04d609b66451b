// Reports kept in this browser's own database: added, listed newest first, read back validated, deleted. Nothing leaves it.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { parseReport, type Report, type ReportResult } from '../../lab/measure/report.ts';

interface ReportsSchema extends DBSchema {
  reports: { key: number; value: Report };
}

export interface StoredReport {
  readonly id: number;
  readonly result: ReportResult;
}

export class StoredReports {
  #database: Promise<IDBPDatabase<ReportsSchema>> | null = null;

  async add(report: Report): Promise<number> {
    return (await this.#open()).add('reports', report);
  }

  /** Newest first. One that this version cannot read comes with the reason. */
  async list(): Promise<StoredReport[]> {
    const database = await this.#open();
    const keys = await database.getAllKeys('reports');
    const values = await database.getAll('reports');
    return keys.map((id, i) => ({ id, result: parseReport(values[i]) })).reverse();
  }

  async remove(id: number): Promise<void> {
    await (await this.#open()).delete('reports', id);
  }

  #open(): Promise<IDBPDatabase<ReportsSchema>> {
    this.#database ??= openDB<ReportsSchema>('pageferry', 1, {
      upgrade: (database) => {
        database.createObjectStore('reports', { autoIncrement: true });
      },
    });
    return this.#database;
  }
}

/** A name that sorts by time and is legal everywhere. */
export function reportFileName(report: Report): string {
  return `pageferry-report-${report.createdAt.replaceAll(':', '-')}.json`;
}
