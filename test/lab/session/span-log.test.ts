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
