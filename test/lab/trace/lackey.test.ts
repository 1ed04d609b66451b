// The lackey importer: records, messages, refusals with line numbers, and the derived address space.
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TRACE_KIND, TraceError, type AccessTrace } from '../../../src/lab/trace/access-trace.ts';
import { openTrace } from '../../../src/lab/trace/open.ts';
import { vmasOf } from '../../../src/lab/trace/vmas.ts';

const BANNER = '==1== Lackey, an example Valgrind tool\n';

function open(text: string, name = 'x.lackey'): Promise<AccessTrace> {
  return openTrace(name, new TextEncoder().encode(text));
}

async function refusal(text: string): Promise<string> {
  const error: unknown = await open(text).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(TraceError);
  return (error as TraceError).message;
}

describe('lackey records', () => {
  it('reads loads, stores and modifies with 64-bit addresses and decimal sizes', async () => {
    const trace = await open(`${BANNER}I  00111b0f,3\n S 1ffefffe18,8\n L 001247d0,16\n M 7fffffffffff,1\r\n`);
    expect([...trace.kinds]).toEqual([TRACE_KIND.store, TRACE_KIND.load, TRACE_KIND.modify]);
    expect([...trace.lo]).toEqual([0xfefffe18, 0x001247d0, 0xffffffff]);
    expect([...trace.hi]).toEqual([0x1f, 0, 0x7fff]);
    expect([...trace.sizes]).toEqual([8, 16, 1]);
    expect(trace.report).toMatchObject({ format: 'valgrind-lackey', lines: 5, records: 3 });
    expect(trace.report.skipped.map((s) => [s.reason, s.count])).toEqual([
      ['valgrind messages', 1],
      ['instruction fetches', 1],
    ]);
  });

  it('accepts a whole last line without newline, and messages at the end', async () => {
    expect((await open(' L 001247d0,8\n S 001247d8,8')).count).toBe(2);
    expect((await open(' L 001247d0,8\n==1== \n--1-- done\n')).count).toBe(1);
  });

  it('counts foreign lines with the first example', async () => {
    const trace = await open(' L 001247d0,8\nhello\n S 001247d8,8\n L 00zz,8\n L 001247d0,8\n S 001247d0,8\n');
    expect(trace.report.skipped).toEqual([{ reason: 'foreign lines', count: 2, firstLine: 2, example: 'hello' }]);
  });

  it('a short line is not read together with what stood in the line before', async () => {
    const trace = await open('== a message\n L 001247d0,8\n=\n L 001247d0,8\n S 001247d8,8\n');
    expect(trace.report.skipped.map((s) => [s.reason, s.count])).toEqual([
      ['valgrind messages', 1],
      ['foreign lines', 1],
    ]);
    expect((await open('I  001247d0,3\n L 001247d0,8\nI\n L 001247d0,8\n')).report.skipped[1]).toMatchObject({
      reason: 'foreign lines',
    });
  });

  it('a large file is read in pieces: the event loop keeps turning', async () => {
    const bytes = new TextEncoder().encode(' L 001247d0,8\n'.repeat(400_000));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const trace = await openTrace('x.lackey', bytes);
    clearInterval(timer);
    expect(trace.count).toBe(400_000);
    expect(turns).toBeGreaterThan(5);
  });

  it('sees through gzip whatever the name says', async () => {
    const packed = gzipSync(`${BANNER} L 001247d0,8\n`);
    expect((await openTrace('trace.txt', packed)).count).toBe(1);
  });
});

describe('refusals name the line, what was given and what is allowed', () => {
  it.each([
    ['empty', '', 'x.lackey: the file is empty'],
    [
      'another format',
      'cpu,ns\n1,2\n',
      'x.lackey: line 1: unrecognised content "cpu,ns"; known formats: valgrind-lackey (plain or gzip)',
    ],
    [
      'cut inside a record',
      ' L 001247d0,8\n S 1ffe',
      'x.lackey: line 2: the file ends inside a record " S 1ffe"; a record is " L|S|M <hex address>,<size in bytes>"',
    ],
    [
      'cut before the address',
      ' L 001247d0,8\n S',
      'x.lackey: line 2: the file ends inside a record " S"; a record is " L|S|M <hex address>,<size in bytes>"',
    ],
    [
      'cut before the size',
      ' L 001247d0,8\n S 1ffefffe18,',
      'x.lackey: line 2: the file ends inside a record " S 1ffefffe18,"; a record is " L|S|M <hex address>,<size in bytes>"',
    ],
    ['only a banner', BANNER, 'x.lackey: no data record found; a record is " L|S|M <hex address>,<size in bytes>"'],
    [
      'mostly foreign',
      ' L 001247d0,8\nfoo\nbar\n',
      'x.lackey: 2 foreign lines beside 1 records: not a lackey capture; a record is " L|S|M <hex address>,<size in bytes>"',
    ],
  ])('%s', async (_name, text, message) => {
    expect(await refusal(text)).toBe(message);
  });

  it('a cut gzip stream', async () => {
    const packed = gzipSync(`${BANNER}${' L 001247d0,8\n'.repeat(5000)}`);
    const cut = openTrace('t.gz', packed.subarray(0, packed.length - 20));
    await expect(cut).rejects.toThrow(/^t\.gz: the gzip stream is damaged or cut off/);
    expect((await openTrace('t.gz', packed)).count).toBe(5000);
  });
});

describe('address space of a trace', () => {
  it('merges gaps below 2 MiB and widens to 64 KiB', async () => {
    const near = ' L 00401000,8\n L 005fe000,8\n';
    const far = ' L 00801000,8\n';
    const { vmas, touchedPages } = vmasOf(await open(near + far));
    expect(touchedPages).toBe(3);
    expect(vmas.map((v) => [v.startVpn, v.pages])).toEqual([
      [0x400, 0x200],
      [0x800, 0x10],
    ]);
  });

  it('counts both pages of an access that crosses a boundary', async () => {
    expect(vmasOf(await open(' L 00401ffc,8\n')).touchedPages).toBe(2);
    expect(vmasOf(await open(' L 00401ff8,8\n')).touchedPages).toBe(1);
  });
});

const REAL = new URL('../../../../shared/traces/valgrind-lackey/', import.meta.url);

describe.skipIf(!existsSync(REAL))('captures beside the project (skipped where ../shared/traces is absent)', () => {
  it.each([
    ['ls.first200.lackey.txt', 15, 26, 1],
    ['ls.first250k.lackey.gz', 44093, 15844, 1536],
    ['sort.dataonly200k.lackey.gz', 122392, 76605, 1003],
    ['sort.rec5000k-5300k.lackey.gz', 62470, 38962, 511],
  ])('%s: %d loads, %d stores, %d modifies', async (file, loads, stores, modifies) => {
    const trace = await openTrace(file, readFileSync(new URL(file, REAL)));
    const counts = [0, 0, 0];
    for (const kind of trace.kinds) counts[kind] = (counts[kind] as number) + 1;
    expect(counts).toEqual([loads, stores, modifies]);
  });
});
