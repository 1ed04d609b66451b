// The joiner of WGSL files: order, once-only imports, the line map, and errors that name file and line.
import { describe, expect, test } from 'vitest';
import { joinWgsl, wgslOrigin } from '../../../src/engine/plan/wgsl-join.ts';

const files = {
  'plain.wgsl': '@compute fn main() {}\n',
  'copy.wgsl': '// copy\n#import walk\n#import units\nfn copy() {}\n',
  'lib/walk.wgsl': '#import units\nfn walk() {}\n',
  'lib/units.wgsl': 'const PAGE = 4096u;\n',
};

describe('a shader joined with its imports', () => {
  test('without imports is itself', () => {
    expect(joinWgsl('plain.wgsl', files).code).toBe(files['plain.wgsl']);
  });

  test('has each import once, before its importer', () => {
    expect(joinWgsl('copy.wgsl', files).code).toBe('// copy\nconst PAGE = 4096u;\nfn walk() {}\nfn copy() {}\n');
  });

  test('maps every joined line to its file and line', () => {
    const joined = joinWgsl('copy.wgsl', files);
    const origins = [1, 2, 3, 4].map((line) => wgslOrigin(joined, line));
    expect(origins).toEqual(['copy.wgsl:1', 'lib/units.wgsl:1', 'lib/walk.wgsl:2', 'copy.wgsl:4']);
    expect(joined.lines.length).toBe(joined.code.trimEnd().split('\n').length);
    expect(wgslOrigin(joined, 5)).toBe('joined line 5');
  });

  test('takes Windows line ends and a missing last line end', () => {
    expect(joinWgsl('a.wgsl', { 'a.wgsl': '#import b\r\nfn a() {}', 'lib/b.wgsl': 'fn b() {}\r\n' }).code).toBe(
      'fn b() {}\nfn a() {}\n',
    );
  });

  test('lets an import carry a comment', () => {
    expect(joinWgsl('a.wgsl', { 'a.wgsl': '#import b // why', 'lib/b.wgsl': 'fn b() {}' }).code).toBe('fn b() {}\n');
  });
});

describe('a bad import', () => {
  const cases: [string, Record<string, string>, string][] = [
    ['of a file that is not there', { 'a.wgsl': '\n#import b' }, 'a.wgsl:2: no shaders/lib/b.wgsl'],
    ['of a path', { 'a.wgsl': '#import ../b' }, 'a.wgsl:1: #import wants the name of a file in shaders/lib'],
    ['of nothing', { 'a.wgsl': '#import' }, 'a.wgsl:1: #import wants'],
    ['of an inherited property', { 'a.wgsl': '#import constructor' }, 'a.wgsl:1: no shaders/lib/constructor.wgsl'],
    [
      'that closes a cycle',
      { 'a.wgsl': '#import b', 'lib/b.wgsl': '#import c', 'lib/c.wgsl': 'x\n#import b' },
      'lib/c.wgsl:2: import cycle a.wgsl → lib/b.wgsl → lib/c.wgsl → lib/b.wgsl',
    ],
  ];
  test.each(cases)('%s names its file and line', (_, broken, message) => {
    expect(() => joinWgsl('a.wgsl', broken)).toThrow(message);
  });

  test('a shader that does not exist is named', () => {
    expect(() => joinWgsl('nope.wgsl', files)).toThrow('no shader nope.wgsl');
  });
});
