// The history of migrations: a page is told about its own moves only.
import { expect, it } from 'vitest';
import { PageIndex } from '../../../src/lab/session/page-index.ts';
import { SpanLog } from '../../../src/lab/session/span-log.ts';

it("a move whose pages are not known is nobody's", () => {
  const log = new SpanLog(new PageIndex([{ name: 'a', startVpn: 0x100, pages: 1024, write: true }]));
  const cause = { rule: 'test', values: {} };
  const move = {
    kind: 'migrate',
    direction: 'to-ram',
    device: 0,
    moved: 512,
    zeroFilled: 0,
    status: 0,
    startNs: 0,
    cause,
  } as const;
  log.emit(1, { ...move, startVpn: -1, pages: 512 });
  log.emit(2, { ...move, startVpn: 0x100, pages: 16 });
  expect(log.ofPage(0, 9).map((span) => span.endNs)).toEqual([2]);
  expect(log.ofPage(15, 9)).toHaveLength(1);
  expect(log.ofPage(16, 9)).toEqual([]);
});

it('tells equal events in a row once, with their number', () => {
  const log = new SpanLog(new PageIndex([{ name: 'a', startVpn: 0x100, pages: 1024, write: true }]));
  const valid = {
    kind: 'range',
    op: 'PAGE FAULT - VALID',
    asid: 1,
    pages: 16,
    inVram: true,
    vramBinding: true,
    seq: 3,
  } as const;
  log.emit(1, { ...valid, startVpn: 0x100 });
  log.emit(2, { ...valid, startVpn: 0x100 });
  log.emit(3, { ...valid, startVpn: 0x110 });
  const { lines } = log.take();
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/PAGE FAULT - VALID.* \(2 times\)$/);
  expect(lines[1]).not.toContain('times');
});

it('prints copies as the driver does, source first', () => {
  const log = new SpanLog(new PageIndex([]));
  log.emit(0, { kind: 'copy', direction: 'to-vram', device: 0, vramFrame: 0x200, systemPfn: 0x10, pages: 512 });
  log.emit(0, { kind: 'copy', direction: 'to-ram', device: 0, vramFrame: 0x200, systemPfn: 0x10, pages: 16 });
  expect(log.take().lines.map((line) => line.slice(line.indexOf(']') + 2))).toEqual([
    'COPY TO VRAM - 0x0000000000010000 -> 0x0000000000200000, NPAGES=512',
    'COPY TO SRAM - 0x0000000000200000 -> 0x0000000000010000, NPAGES=16',
  ]);
});
