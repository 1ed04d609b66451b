// The driver's message about a fault that it could not serve, line for line (xe.md §1.9, V70).
import type { Errno } from '../../base/errno.ts';
import { vaHi, vaLo } from '../../base/units.ts';
import type { FaultRecord } from './fault-record.ts';

const ENGINE_CLASSES = ['rcs', 'vcs', 'vecs', 'bcs', 'other', 'ccs'] as const;

/** Seven tab-indented lines and the response. The address is the page's: the message has no low 12 bits. */
export function printFault(record: FaultRecord, error: Errno): string {
  const { asid, faultType, access, level, engineClass, engineInstance } = record;
  const lines = [
    `ASID: ${asid}`,
    `Faulted Address: 0x${hex32(vaHi(record.vpn))}${hex32(vaLo(record.vpn))}`,
    `FaultType: ${faultType}`,
    `AccessType: ${access}`,
    `FaultLevel: ${level}`,
    `EngineClass: ${engineClass} ${ENGINE_CLASSES[engineClass] ?? 'unknown'}`,
    `EngineInstance: ${engineInstance}`,
  ];
  return `\n${lines.map((line) => `\t${line}\n`).join('')}Fault response: Unsuccessful ${error}`;
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
