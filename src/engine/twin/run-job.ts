// Runs one job's commands in order on the twin's memory: the twin of the GPU's command encoder.
import { WORDS_PER_PAGE } from '../../base/units.ts';
import { ioWords, type Command, type Readback, type Upload } from '../plan/commands.ts';
import { FAULT_RECORD_WORDS, type Completion, type Job } from '../plan/job.ts';
import { access } from './access.ts';
import { loadAccesses, readResults } from './access-list.ts';
import { chase } from './chase.ts';
import { copyLinear } from './copy-linear.ts';
import { copyPages } from './copy-pages.ts';
import { cpuAccess } from './cpu-access.ts';
import { resetFaultRing } from './fault-ring.ts';
import { fillPages } from './fill-pages.ts';
import { hashPages } from './hash-pages.ts';
import { invalidateTlb } from './invalidate-tlb.ts';
import { copyTranslated } from './translate-pages.ts';
import { spaceWords, type TwinMemory } from './twin-memory.ts';
import { writePtes } from './write-ptes.ts';

function upload(memory: TwinMemory, command: Upload): void {
  spaceWords(memory, command.space).set(command.words, command.frame * WORDS_PER_PAGE);
}

function readback(memory: TwinMemory, command: Readback, io: Uint32Array, at: number): void {
  const from = command.frame * WORDS_PER_PAGE;
  io.set(spaceWords(memory, command.space).subarray(from, from + command.pages * WORDS_PER_PAGE), at);
}

/** Runs one command; its io words go to `io` from `at` on. */
function runCommand(memory: TwinMemory, command: Command, io: Uint32Array, at: number): void {
  switch (command.op) {
    case 'pteWrite':
    case 'pteFill':
    case 'zap':
      return writePtes(memory, command);
    case 'tlbInval':
      return invalidateTlb(memory, command);
    case 'copy':
      return copyPages(memory, command);
    case 'copyTranslated':
      return copyTranslated(memory, command);
    case 'copyBaseline':
      return copyLinear(memory, command);
    case 'fill':
    case 'fillSeeded':
      return fillPages(memory, command);
    case 'accessLoad':
      return loadAccesses(memory, command);
    case 'access':
      return access(memory, command);
    case 'accessResult':
      return readResults(memory, command, io, at);
    case 'chase':
      return chase(memory, command);
    case 'cpuAccess':
      return cpuAccess(memory, command, io, at);
    case 'hash':
      return hashPages(memory, command, io, at);
    case 'upload':
      return upload(memory, command);
    case 'readback':
      return readback(memory, command, io, at);
  }
}

function totalIo(job: Job): number {
  let words = 0;
  for (const command of job.commands) words += ioWords(command);
  return words;
}

/** Runs a validated job to its completion. Later commands run after an engine fault, as they do on the GPU. */
export function runJob(memory: TwinMemory, job: Job): Completion {
  const io = new Uint32Array(totalIo(job));
  resetFaultRing(memory.faults);
  memory.engineFault = false;
  let at = 0;
  for (const command of job.commands) {
    runCommand(memory, command, io, at);
    at += ioWords(command);
  }
  const faults = memory.faults.records.slice(0, memory.faults.count * FAULT_RECORD_WORDS);
  const status = memory.engineFault ? 'engine-fault' : 'ok';
  return { seq: job.seq, status, faults, dropped: memory.faults.dropped, io, gpuNs: null };
}
