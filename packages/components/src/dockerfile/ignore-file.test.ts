import { describe, expect, test } from 'vitest';
import { parseIgnoreFile } from './ignore-file.ts';

describe('.dockerignore', () => {
  test.each<[string, string[], string[]]>([
    ['node_modules', ['node_modules', 'node_modules/a/b'], ['a/node_modules', 'node_modules2']],
    ['/build/', ['build', 'build/x'], ['a/build']],
    ['./a//b', ['a/b'], ['a', 'b']],
    ['*.log', ['a.log'], ['a/b.log', 'alog']],
    ['**/*.log', ['a.log', 'a/b.log', 'a/b/c.log'], ['a.logs']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
    ['**/cache', ['cache', 'x/cache', 'x/y/cache/z'], ['xcache']],
    ['a?c', ['abc'], ['ac', 'a/c']],
    ['[ab].txt', ['a.txt', 'b.txt'], ['c.txt']],
    ['a\\*b', ['a*b'], ['axb']],
    ['# a\n\n  b  ', ['b'], ['# a', 'a']],
    ['*\n!keep', ['a', 'keeper'], ['keep', 'keep/a']],
    ['*.md\n!README.md\nREADME.md', ['README.md'], []],
    ['docs\n!docs/a.md', ['docs/b.md', 'docs'], ['docs/a.md']],
    ['.git', ['.git/config'], ['.gitignore']],
    ['a+b(c).d', ['a+b(c).d'], ['aab(c).d', 'a+b(c)xd']],
    ['..\\x', [], ['x']],
    ['[*].txt', ['*.txt'], ['a.txt', '[].txt', '.txt']],
    ['[a?.]x', ['ax', '?x', '.x'], ['bx', 'x']],
    ['[b-d]', ['b', 'c', 'd'], ['a', 'e', '-']],
    ['[^b-d]', ['a', '^'], ['c']],
    ['[!a]', ['!', 'a'], ['b']],
    ['[\\]\\-]', [']', '-'], ['\\']],
    ['[\\d]', ['d'], ['1', '\\']],
    ['a]', ['a]'], ['a']],
    ['a-b\\-?', ['a-b-c'], ['a-b-']],
    ['[α-ω]?', ['β😀'], ['β', 'b😀']],
  ])('%j', (text, out, kept) => {
    const { excludes } = parseIgnoreFile(text, 'I');
    expect(out.filter((path) => !excludes(path))).toEqual([]);
    expect(kept.filter(excludes)).toEqual([]);
  });

  test.each(['[a', '[', '[]', '[]a]', '[^]', '[a-]', '[-a]', '[z-a]', '[a\\]', 'a\\', '!b[', '**/[a'])(
    'what is no pattern is told with its line: %j',
    (pattern) => {
      expect(() => parseIgnoreFile(`a\n# [\n${pattern}\n`, 'web/.dockerignore')).toThrow(
        expect.objectContaining({
          code: 'DOCKERFILE_INVALID',
          message: expect.stringMatching(/^web\/\.dockerignore:3: /),
        }),
      );
    },
  );

  test('without exceptions, what lies below an excluded folder need not be looked at', () => {
    expect(parseIgnoreFile('a\nb', 'I').hasExceptions).toBe(false);
    expect(parseIgnoreFile('a\n!a/b', 'I').hasExceptions).toBe(true);
  });
});
