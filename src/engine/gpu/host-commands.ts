// Commands that are no dispatches: words from the host, pages back to the host, and the API's own buffer copy.
import { PAGE_SIZE, WORDS_PER_PAGE } from '../../base/units.ts';
import type { CopyBaseline, Readback, Upload } from '../plan/commands.ts';
import type { FlushWriter } from './flush-writer.ts';
import { eachPairOfPieces, eachPiece, indexOf, spaceOf, type SegmentId } from './segments.ts';

/**
 * Puts host words into a buffer at their place in the order of commands: small ones travel with the submission's payload,
 * large ones are written straight into the buffer, behind everything recorded so far.
 */
export function writeWords(writer: FlushWriter, target: GPUBuffer, offsetBytes: number, words: Uint32Array): void {
  const { limits, arenas, buffers, device } = writer.machine;
  if (words.length > limits.smallUploadWords || writer.untouched) {
    if (!writer.untouched) writer.split();
    device.queue.writeBuffer(target, offsetBytes, words as Uint32Array<ArrayBuffer>);
    return;
  }
  if (arenas.payload.room() < words.length) writer.split();
  const at = arenas.payload.take(words.length);
  arenas.payload.words.set(words, at);
  writer.encoder().copyBufferToBuffer(buffers.payload, at * 4, target, offsetBytes, words.length * 4);
}

export function encodeUpload(writer: FlushWriter, command: Upload): void {
  const { space, frame, words } = command;
  const write = command.via === 'mapped' ? writeMapped : writeWords;
  eachPiece(writer.machine.config, space, frame, words.length / WORDS_PER_PAGE, (segment, first, pages, done) => {
    const part = words.subarray(done * WORDS_PER_PAGE, (done + pages) * WORDS_PER_PAGE);
    write(writer, bufferOf(writer, segment), first * PAGE_SIZE, part);
  });
  writer.job.hostWrite = true;
}

/** Puts host words into a buffer through mapped staging buffers; what finds none free goes the other way. */
function writeMapped(writer: FlushWriter, target: GPUBuffer, offsetBytes: number, words: Uint32Array): void {
  for (let done = 0; done < words.length;) {
    const staged = writer.machine.uploads.take(words.length - done);
    if (staged === null) return writeWords(writer, target, offsetBytes + done * 4, words.subarray(done));
    const count = staged.words.length;
    staged.words.set(words.subarray(done, done + count));
    const to = offsetBytes + done * 4;
    writer.encoder().copyBufferToBuffer(staged.buffer, staged.offsetBytes, target, to, count * 4);
    done += count;
  }
}

/** 1 MiB: jobs that each bring a page or two home share a submission. */
const LEAST_BULK_WORDS = 1 << 18;

/** READBACK: straight from the space into a mappable buffer, in as many submissions as it takes. */
export function encodeReadback(writer: FlushWriter, { space, frame, pages }: Readback): void {
  writer.closeBatch();
  eachPiece(writer.machine.config, space, frame, pages, (segment, first, count) =>
    readPages(writer, bufferOf(writer, segment), first, count),
  );
}

function readPages(writer: FlushWriter, buffer: GPUBuffer, frame: number, count: number): void {
  for (let done = 0; done < count;) {
    const wanted = Math.max(LEAST_BULK_WORDS, writer.job.io.length - writer.job.ioTaken);
    const room = Math.floor(writer.flush.bulkRoom(wanted) / WORDS_PER_PAGE);
    const pages = Math.min(room, count - done);
    if (pages === 0) writer.split();
    else writer.flush.readBulk(writer.job, buffer, (frame + done) * PAGE_SIZE, pages * WORDS_PER_PAGE);
    done += pages;
  }
}

/** The peer of the copy kernels that the API itself offers. */
export function encodeCopyBuffer(writer: FlushWriter, command: CopyBaseline): void {
  eachPairOfPieces(writer.machine.config, command, (src, srcFrame, dst, dstFrame, pages) => {
    const [from, to] = [bufferOf(writer, src), bufferOf(writer, dst)];
    writer.encoder().copyBufferToBuffer(from, srcFrame * PAGE_SIZE, to, dstFrame * PAGE_SIZE, pages * PAGE_SIZE);
  });
}

function bufferOf({ machine }: FlushWriter, segment: SegmentId): GPUBuffer {
  return machine.buffers.spaces[spaceOf(segment)]?.[indexOf(segment)] as GPUBuffer;
}
