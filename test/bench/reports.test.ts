// `compare`, `export` and the ways to run more or less, as their users start them: exit statuses and one clear line.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/lab/measure/report.ts';
import { figure, someReport } from '../lab/measure/some-report.ts';
import { pageferry, reportIn, said } from '../support/command.ts';

/** The first of these tests bundles the command; machines that build are slow. */
const PATIENCE_MS = 240_000;
const SAMPLES = Array.from({ length: 15 }, (_, i) => 1000 + i);

let folder = '';
const save = (name: string, content: unknown): void =>
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
const timed = (factor: number): Report =>
  someReport({
    metrics: [
      figure(
        'trip',
        'ns',
        SAMPLES.map((value) => value * factor),
      ),
    ],
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pageferry-reports-'));
  save('a.json', timed(1));
  save('slow.json', timed(1.2));
  save('text.json', 'not a report');
  save('cut.json', JSON.stringify(timed(1)).slice(0, 200));
  save('foreign.json', { benchmarks: [] });
  save('newer.json', { ...timed(1), schemaVersion: 2 });
  save('twice.json', { ...timed(1), metrics: [...timed(1).metrics, ...timed(1).metrics] });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('compare', { timeout: PATIENCE_MS }, () => {
  it('prints a table, leaves JSON, and ends with 0 whatever it finds', async () => {
    const { status, out } = await pageferry(folder, ['compare', 'a.json', 'slow.json', '--json', 'c.json']);
    expect(status).toBe(0);
    expect(out).toMatch(/^trip .* slower$/m);
    expect(JSON.parse(readFileSync(join(folder, 'c.json'), 'utf8'))).toMatchObject({
      schema: 'pageferry-comparison',
      metrics: [{ id: 'trip', verdict: 'slower', regression: false }],
    });
  });

  it.each([
    ['a.json', 'slow.json', '10', 1],
    ['a.json', 'slow.json', '30', 0],
    ['slow.json', 'a.json', '0', 0],
    ['a.json', 'a.json', '0', 0],
  ])('%s %s --fail-on-regression %s ends with %i', async (a, b, percent, status) => {
    expect((await pageferry(folder, ['compare', a, b, '--fail-on-regression', percent])).status).toBe(status);
  });

  it.each([
    [['a.json', 'none.json'], 'B is "none.json", allowed: a report that can be read (ENOENT)'],
    [['.', 'a.json'], 'A is ".", allowed: a report that can be read (EISDIR)'],
    [['a.json', 'text.json'], /text\.json: the file is no JSON \(.*\), allowed: a report that run or replay wrote/],
    [['a.json', 'cut.json'], /cut\.json: the file is no JSON/],
    [['foreign.json', 'a.json'], 'foreign.json: schema is undefined, allowed: "schema"'],
    [['a.json', 'newer.json'], 'newer.json: schemaVersion is 2, allowed: 1'],
    [['a.json', 'twice.json'], 'twice.json: metrics.1.id is "trip", allowed: an id that no other metric has'],
    [
      ['a.json', 'a.json', '--fail-on-regression', '5%'],
      '--fail-on-regression is "5%", allowed: a number from 0 to 1000',
    ],
    [['a.json', 'a.json', '--json', 'no/c.json'], /--json is "no\/c\.json", allowed: a file in a folder/],
  ])('%j ends with 2 and one line', async (args, message) => {
    const { status, out, err } = await pageferry(folder, ['compare', ...args]);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(said(err)).toEqual([typeof message === 'string' ? `pageferry: ${message}` : expect.stringMatching(message)]);
  });
});

describe('export', { timeout: PATIENCE_MS }, () => {
  it.each([
    ['csv', /^case,counted,/],
    ['markdown', /^\| case \| median /m],
    ['gbench', /^\{\n "context": \{/],
    ['openmetrics', /\n# EOF\n$/],
  ])('--to %s writes to standard output, and the same to a file', async (form, looks) => {
    const { status, out } = await pageferry(folder, ['export', 'a.json', '--to', form]);
    expect(status).toBe(0);
    expect(out).toMatch(looks);
    expect(await pageferry(folder, ['export', 'a.json', '--to', form, '--out', 'x.txt'])).toMatchObject({
      status: 0,
      out: '',
    });
    expect(readFileSync(join(folder, 'x.txt'), 'utf8')).toBe(out);
  });

  it.each([
    [['a.json'], '--to has no value, allowed: csv, markdown, gbench, openmetrics'],
    [['a.json', '--to', 'xml'], '--to is "xml", allowed: csv, markdown, gbench, openmetrics'],
    [['newer.json', '--to', 'csv'], 'newer.json: schemaVersion is 2, allowed: 1'],
    [['none.json', '--to', 'csv'], 'REPORT is "none.json", allowed: a report that can be read (ENOENT)'],
    [['a.json', '--to', 'csv', '--out', ''], '--out is "", allowed: a file in a folder that exists and can be written'],
  ])('%j ends with 2 and one line', async (args, message) => {
    const { status, out, err } = await pageferry(folder, ['export', ...args]);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(said(err)).toEqual([`pageferry: ${message}`]);
  });
});

describe('run', { timeout: PATIENCE_MS }, () => {
  const run = (...args: string[]): ReturnType<typeof pageferry> =>
    pageferry(folder, ['run', '--quick', '--samples', '5', '--adapter', 'twin', '--json', 'run.json', ...args]);

  it('--repeat joins the samples of all passes, and --filter keeps some cases', async () => {
    expect((await run('--filter', 'trip.1024', '--no-peers', '--repeat', '3')).status).toBe(0);
    const { metrics, scenario } = reportIn(folder, 'run.json');
    expect(metrics.map(({ id, params }) => [id, params['passes']])).toEqual([['fault.roundtrip.1024', 3]]);
    for (const { n } of metrics) expect(n).toBe(15);
    expect(scenario).toMatchObject({ repeat: 3, budgetSeconds: null });
  });

  it('--budget without time for anything ends with 2, one line and no report', async () => {
    rmSync(join(folder, 'run.json'), { force: true });
    const { status, out, err } = await run('fault.roundtrip', 'migrate', '--budget', '0.000001');
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(said(err)).toEqual([
      expect.stringMatching(
        /^pageferry: --budget is "0\.000001", allowed: more seconds: in these, none of \d+ cases got its least samples$/,
      ),
    ]);
    expect(readdirSync(folder)).not.toContain('run.json');
  });

  it('--budget with time enough leaves nothing out (control)', async () => {
    expect((await run('fault.roundtrip.1', '--no-peers', '--budget', '600')).status).toBe(0);
    const { metrics, warnings, partial } = reportIn(folder, 'run.json');
    expect(metrics.map(({ n }) => n)).toEqual([5]);
    expect(warnings.map(({ code }) => code)).not.toContain('out-of-time');
    expect(partial).toBe(false);
  });

  it.each([
    ['--budget', '0', 'a number above 0 up to 86400'],
    ['--budget', '-5', 'a number above 0 up to 86400'],
    ['--repeat', '0', 'a whole number from 1 to 1000'],
    ['--filter', 'no-such', 'text that is in the id of a chosen case, such as 2M.physical'],
  ])('%s %s ends with 2', async (flag, value, allowed) => {
    const { status, err } = await run(flag, value);
    expect(status).toBe(2);
    expect(said(err)).toEqual([`pageferry: ${flag} is "${value}", allowed: ${allowed}`]);
  });

  it('--aa reports the share of claims with its interval', async () => {
    const { status, out } = await run('fault.roundtrip.1', '--aa', '200');
    expect(status).toBe(0);
    expect(out).toMatch(/^A\/A: fault\.roundtrip\.1 against itself, 200 trials of 5 samples a side$/m);
    const { aa } = reportIn(folder, 'run.json');
    expect(aa).toMatchObject({ case: 'fault.roundtrip.1', trials: 200, samplesPerSide: 5, alpha: 0.05 });
    expect(aa?.low).toBeLessThanOrEqual(aa?.rate ?? -1);
  });

  it.skipIf(process.platform === 'win32')('--repeat stopped by Ctrl-C keeps what it has', async () => {
    const args = ['run', '--samples', '10000', '--repeat', '5', '--adapter', 'twin', '--json', 'stopped.json'];
    const { status } = await pageferry(folder, args, /measuring on/);
    expect(status).toBe(130);
    expect(reportIn(folder, 'stopped.json').partial).toBe(true);
  });
});
