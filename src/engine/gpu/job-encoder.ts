// Turns the commands of a job into dispatches and copies, in order.
import type { Command } from '../plan/commands.ts';
import type { Job } from '../plan/job.ts';
import { encodeAccess, encodeAccessLoad, encodeAccessResult, encodeCpuAccess } from './access-commands.ts';
import { ringRecords } from './buffers.ts';
import type { FlushWriter } from './flush-writer.ts';
import { encodeCopyBuffer, encodeReadback, encodeUpload } from './host-commands.ts';
import { encodeCopy, encodeCopyLinear, encodeFillPattern, encodeFillSeeded, encodeHash } from './page-commands.ts';
import type { PendingJob } from './pending-job.ts';
import { encodeChase } from './chase-command.ts';
import { encodePteFill, encodePteWrite, encodeTlbInval, encodeZap } from './table-commands.ts';
import { encodeCopyTranslated } from './translated-copies.ts';

/** Records a validated job. Commands of later submissions see its effects, and so do later commands of this one. */
export function encodeJob(writer: FlushWriter, pending: PendingJob): void {
  writer.beginJob(pending, mostFaults(pending.job, ringRecords(writer.machine.config)));
  for (const command of pending.job.commands) {
    writer.makeRoom();
    encodeCommand(writer, command);
  }
  writer.endJob();
}

/** The ring belongs to one job at a time: what does not fit is dropped and counted. */
function mostFaults(job: Job, capacity: number): number {
  let accesses = 0;
  for (const command of job.commands)
    if (command.op === 'access' && command.translateOnly !== true) accesses += command.count;
  return Math.min(accesses, capacity);
}

function encodeCommand(writer: FlushWriter, command: Command): void {
  switch (command.op) {
    case 'pteWrite':
      return encodePteWrite(writer, command);
    case 'pteFill':
      return encodePteFill(writer, command);
    case 'zap':
      return encodeZap(writer, command);
    case 'tlbInval':
      return encodeTlbInval(writer, command);
    case 'copy':
      return encodeCopy(writer, command);
    case 'copyTranslated':
      return encodeCopyTranslated(writer, command);
    case 'copyBaseline':
      return command.method === 'copyBufferToBuffer'
        ? encodeCopyBuffer(writer, command)
        : encodeCopyLinear(writer, command);
    case 'fill':
      return encodeFillPattern(writer, command);
    case 'fillSeeded':
      return encodeFillSeeded(writer, command);
    case 'accessLoad':
      return encodeAccessLoad(writer, command);
    case 'access':
      return encodeAccess(writer, command);
    case 'accessResult':
      return encodeAccessResult(writer, command);
    case 'chase':
      return encodeChase(writer, command);
    case 'cpuAccess':
      return encodeCpuAccess(writer, command);
    case 'hash':
      return encodeHash(writer, command);
    case 'upload':
      return encodeUpload(writer, command);
    case 'readback':
      return encodeReadback(writer, command);
  }
}
