// A benchmark from a judged request to its report, the same on every host.
import type { Report } from '../measure/report.ts';
import type { BenchHost } from './bench-host.ts';
import { composeReport } from './compose-report.ts';
import type { Judged } from './judge-request.ts';
import { measureAa } from './measure-aa.ts';
import { measureCases } from './measure-cases.ts';

/** Throws what `measureCases` throws. `createdAt` is ISO 8601. */
export async function runRequest(host: BenchHost, judged: Judged, createdAt: string): Promise<Report> {
  const { request, selection, choices, aa } = judged;
  const results =
    aa === null ? await measureCases(host, selection, choices) : await measureAa(host, aa.benches, aa.trials, choices);
  const { adapter, command } = request;
  return composeReport(results, { host, selection, choices, adapter, command, createdAt });
}
