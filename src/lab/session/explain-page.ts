// Answers "where is this page, and why?": its home, its range, and the rule behind each of its last migrations.
import { NS_PER_MS, vaHi, vaLo, type Vpn } from '../../base/units.ts';
import { PTE_KIND, pteKind, ptePfn, pteWritable } from '../../model/mm/page-table.ts';
import { rangeFind } from '../../model/svm/find.ts';
import { pagesValid } from '../../model/svm/pages.ts';
import type { Machine } from './machine.ts';
import type { PageIndex } from './page-index.ts';
import type { SpanView } from './protocol.ts';
import type { SpanLog } from './span-log.ts';

/** Migrations told at most. */
const HISTORY_LINES = 12;

export function explainPage(machine: Machine, pages: PageIndex, spans: SpanLog, page: number): string[] {
  if (!Number.isInteger(page) || page < 0 || page >= pages.total)
    return [`page ${page} lies outside of the address space (${pages.total} pages)`];
  const vpn = pages.vpn(page);
  return [
    `address ${address(vpn)}, page ${page}`,
    homeLine(machine, vpn),
    rangeLine(machine, vpn),
    ...spans.ofPage(page, HISTORY_LINES).map(spanLine),
  ];
}

function homeLine(machine: Machine, vpn: Vpn): string {
  const word = machine.mm.table.get(vpn);
  const kind = pteKind(word);
  if (kind === PTE_KIND.none) return 'CPU: not mapped';
  if (kind === PTE_KIND.zero) return 'CPU: the shared zero page, read-only';
  const pfn = ptePfn(word);
  const frame = machine.world.pages.frameOf(pfn);
  const access = pteWritable(word) ? 'writable' : 'read-only';
  if (kind === PTE_KIND.devPrivate) return `CPU: device-private entry; the page is VRAM frame ${frame}`;
  return kind === PTE_KIND.migrating
    ? `CPU: migration entry; leaving frame ${frame}`
    : `CPU: system frame ${frame}, ${access}`;
}

function rangeLine(machine: Machine, vpn: Vpn): string {
  const range = rangeFind(machine.vm.svm, vpn, vpn + 1);
  if (range === null) return 'GPU: no range';
  const pages = range.endVpn - range.startVpn;
  const bound = (range.tilePresent & ~range.tileInvalidated) !== 0 ? 'bound' : 'not bound';
  const where = pagesValid(range.pages)
    ? range.pages.flags.hasDevmemPages
      ? 'in VRAM'
      : 'in system memory'
    : 'pages stale';
  return `GPU: range ${address(range.startVpn)} + ${pages * 4} KiB, ${bound}, ${where}`;
}

function spanLine(span: SpanView): string {
  const values = Object.entries(span.values).map(([name, value]) => `${name} ${value}`);
  const way = span.direction === 'to-vram' ? 'to VRAM' : 'home';
  const result = span.status === '0' ? '' : `, ${span.status}`;
  return `${(span.endNs / NS_PER_MS).toFixed(3)} ms: ${way}, ${span.pages} pages, ${span.rule}${result} (${values.join(', ')})`;
}

function address(vpn: Vpn): string {
  return `0x${(vaHi(vpn).toString(16) + vaLo(vpn).toString(16).padStart(8, '0')).replace(/^0+(?=.)/, '')}`;
}
