// Text of events for people, in the driver's own words where it has them (xe.md §8.4).
import { NS_PER_S, vaHi, vaLo, type Ns, type Vpn } from '../../base/units.ts';
import type { ModelEvent } from '../../model/event/event.ts';

/** LONG_MAX: what the driver prints for a range whose pages were never collected. */
const SEQ_NEVER = '9223372036854775807';

/** Kinds of events that have a line; the others would only repeat one. */
const KINDS: ReadonlySet<ModelEvent['kind']> = new Set([
  'range',
  'copy',
  'invalidate',
  'evict',
  'timeslice-refusal',
  'livelock',
  'note',
]);

export function hasLine(event: ModelEvent): boolean {
  return KINDS.has(event.kind);
}

/** The line of an event that has one, with the run's time in seconds in front. */
export function logLine(now: Ns, event: ModelEvent): string {
  return `[${(now / NS_PER_S).toFixed(6).padStart(12)}] ${textOf(event)}`;
}

function textOf(event: ModelEvent): string {
  switch (event.kind) {
    case 'range':
      return `${event.op}: asid=${event.asid}, vram=${bit(event.inVram)},${bit(event.vramBinding)}, seqno=${seqText(event.seq)}, ${span(event.startVpn, event.pages, 14)}, size=${event.pages * 4096}`;
    case 'copy':
      return copyText(event);
    case 'invalidate':
      return `INVALIDATE: asid=${event.asid}, seqno=${seqText(event.seq)}, ${span(event.startVpn, event.endVpn - event.startVpn, 16)}, event=${event.event}`;
    case 'evict':
      return `evict: ${event.bytes} bytes of vram${event.device}, ${event.cause.rule}${event.status === 0 ? '' : `, ${event.status}`}`;
    case 'timeslice-refusal':
      return `timeslice: CPU touch of ${address(event.vpn, 14)} waits until ${(event.untilNs / NS_PER_S).toFixed(6)}`;
    case 'livelock':
      return `livelock: asid=${event.asid}, ${address(event.vpn, 14)} faulted ${event.repeats} times${event.error === null ? '' : `, ${event.error}`}`;
    case 'note':
      return event.text;
    default:
      return event.kind;
  }
}

function copyText({ direction, vramFrame, systemPfn, pages }: ModelEvent & { kind: 'copy' }): string {
  const [vram, bus] = [address(vramFrame, 16), address(systemPfn, 16)];
  const way = direction === 'to-vram' ? `VRAM - ${bus} -> ${vram}` : `SRAM - ${vram} -> ${bus}`;
  return `COPY TO ${way}, NPAGES=${pages}`;
}

function bit(value: boolean): string {
  return value ? '1' : '0';
}

function seqText(seq: number): string {
  return seq < 0 ? SEQ_NEVER : String(seq);
}

function span(startVpn: Vpn, pages: number, digits: number): string {
  return `start=${address(startVpn, digits)}, end=${address(startVpn + pages, digits)}`;
}

function address(page: number, digits: number): string {
  const hex = vaHi(page).toString(16) + vaLo(page).toString(16).padStart(8, '0');
  return `0x${hex.padStart(digits, '0')}`;
}
