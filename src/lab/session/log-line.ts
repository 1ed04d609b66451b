// Text of events for people, in the driver's own words where it has them (xe.md §8.4).
import { NS_PER_S, vaHi, vaLo, type Ns, type Vpn } from '../../base/units.ts';
import type { ModelEvent } from '../../model/event/event.ts';

/** LONG_MAX: what the driver prints for a range whose pages were never collected. */
const SEQ_NEVER = '9223372036854775807';

/** One line for an event, or null for those that would only repeat another. */
export function logLine(now: Ns, event: ModelEvent): string | null {
  const text = textOf(event);
  return text === null ? null : `[${(now / NS_PER_S).toFixed(6).padStart(12)}] ${text}`;
}

function textOf(event: ModelEvent): string | null {
  switch (event.kind) {
    case 'range':
      return `${event.op}: asid=${event.asid}, vram=${bit(event.inVram)},${bit(event.vramBinding)}, seqno=${seqText(event.seq)}, ${span(event.startVpn, event.pages, 14)}, size=${event.pages * 4096}`;
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
      return null;
  }
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

function address(vpn: Vpn, digits: number): string {
  const hex = vaHi(vpn).toString(16) + vaLo(vpn).toString(16).padStart(8, '0');
  return `0x${hex.padStart(digits, '0')}`;
}
