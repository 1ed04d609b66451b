// Opens a capture by its content: gzip is seen through, the format is recognised, refusals name the line.
import { macrotask } from '../session/macrotask.ts';
import { TraceError, type AccessTrace } from './access-trace.ts';
import { LackeyParser, looksLikeLackey } from './lackey.ts';

/** Bytes looked at to recognise a format. */
const HEAD_BYTES = 64 * 1024;
/** Bytes read before the event loop gets a turn: some milliseconds of work. */
const PIECE_BYTES = 256 * 1024;

/**
 * Reads a whole capture. `name` is used in messages only; the content decides.
 * @throws TraceError with the line number: unrecognised, truncated or empty files.
 */
export async function openTrace(name: string, bytes: Uint8Array): Promise<AccessTrace> {
  if (bytes.length === 0) throw new TraceError(name, 0, 'the file is empty');
  const chunks = pieces(isGzip(bytes) ? gunzip(name, bytes) : once(bytes));
  let parser: LackeyParser | null = null;
  let head = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (parser !== null) parser.push(chunk);
    else {
      head = joined(head, chunk);
      if (head.length >= HEAD_BYTES) parser = start(name, head);
    }
  }
  return (parser ?? start(name, head)).finish();
}

function start(name: string, head: Uint8Array): LackeyParser {
  if (!looksLikeLackey(head)) {
    const first = new TextDecoder().decode(head.subarray(0, 60)).split('\n')[0] ?? '';
    throw new TraceError(
      name,
      1,
      `unrecognised content ${JSON.stringify(first)}; known formats: valgrind-lackey (plain or gzip)`,
    );
  }
  const parser = new LackeyParser(name);
  parser.push(head);
  return parser;
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The same bytes in small pieces: a large capture must not hold up messages and progress. */
async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let since = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      yield piece;
      since += piece.length;
      if (since < PIECE_BYTES) continue;
      since = 0;
      await macrotask();
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

async function* gunzip(name: string, bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader();
  for (;;) {
    const part = await reader.read().catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new TraceError(name, 0, `the gzip stream is damaged or cut off (${why}); give the whole file`);
    });
    if (part.done) return;
    yield part.value;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
