// The tar reader: files and their modes come out; cut archives and paths that escape are refused.
import { describe, expect, test } from 'vitest';
import { readTar } from '../../tools/tar.mjs';

interface Entry {
  path: string;
  body?: string;
  type?: string;
  mode?: string;
  prefix?: string;
}

function tar(...entries: Entry[]): Buffer {
  return Buffer.concat([...entries.map((one) => tarEntry(one)), Buffer.alloc(1024)]);
}

function tarEntry({ path, body = '', type = '0', mode = '0000644', prefix = '' }: Entry): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write(mode, 100);
  header.write(Buffer.byteLength(body).toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write('ustar', 257);
  header.write(prefix, 345);
  const padded = Buffer.alloc(Math.ceil(Buffer.byteLength(body) / 512) * 512);
  padded.write(body);
  return Buffer.concat([header, padded]);
}

describe('reading an archive', () => {
  test('gives regular files with body and mode, in order', () => {
    const archive = tar({ path: 'b.so', body: 'x'.repeat(513), mode: '0000755' }, { path: './lib/a', body: 'äö' });
    const files = readTar(archive).map(({ path, mode, body }) => ({ path, mode, text: body.toString('utf8') }));
    expect(files).toEqual([
      { path: 'b.so', mode: 0o755, text: 'x'.repeat(513) },
      { path: 'lib/a', mode: 0o644, text: 'äö' },
    ]);
  });

  test('leaves out folders and links', () => {
    const archive = tar({ path: 'd/', type: '5' }, { path: 'l', type: '2' }, { path: 'empty' });
    expect(readTar(archive).map((file) => file.path)).toEqual(['empty']);
  });

  test('joins the prefix of a long path', () => {
    expect(readTar(tar({ path: 'name', prefix: 'long/folder' }))[0]?.path).toBe('long/folder/name');
  });

  test('an empty archive has no files', () => {
    expect(readTar(Buffer.alloc(1024))).toEqual([]);
    expect(readTar(Buffer.alloc(0))).toEqual([]);
  });
});

describe('a bad archive', () => {
  test.each(['../up', 'a/../../up', '/etc/passwd', 'a\\..\\b', './'])('with the path %s is refused', (path) => {
    expect(() => readTar(tar({ path, body: 'x' }))).toThrow('leaves the folder');
  });

  test('that is cut short is refused', () => {
    const archive = tar({ path: 'a', body: 'x'.repeat(600) });
    expect(() => readTar(archive.subarray(0, 900))).toThrow('a is cut short');
  });

  test('with a size that is no number is refused', () => {
    const archive = tar({ path: 'a' });
    archive.write('zzz', 124);
    expect(() => readTar(archive)).toThrow('not octal');
  });
});
