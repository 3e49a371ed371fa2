import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineSplitter, MAX_LINE } from './line-splitter.ts';

const linesOf = (chunks: readonly Buffer[]): string[] => {
  const lines: string[] = [];
  const { push, end } = lineSplitter((line) => lines.push(line));
  for (const chunk of chunks) push(chunk);
  end();
  return lines;
};

test.each<[string, string[]]>([
  ['', []],
  ['a', ['a']],
  ['a\nb\n', ['a', 'b']],
  ['a\r\n\r\nb', ['a', '', 'b']],
  ['1%\r2%\r\n', ['1%', '2%']],
  ['\n\n', ['', '']],
])('%j', (text, lines) => expect(linesOf([Buffer.from(text)])).toEqual(lines));

test('lines are the same wherever the stream is cut', () => {
  const text = fc
    .array(fc.constantFrom('a', 'ä', '😀', '\r', '\n', '\r\n', 'x'.repeat(3000)), { maxLength: 40 })
    .map((parts) => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 7 }), (bytes, size) => {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_none, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(linesOf(chunks)).toEqual(linesOf([bytes]));
    }),
  );
});

test('a line without end is told once, as soon as it is too long', () => {
  const lines: string[] = [];
  const { push, end } = lineSplitter((line) => lines.push(line));
  for (let count = 0; count < 100; count++) push(Buffer.alloc(64 * 1024, 'x'));
  expect(lines).toEqual(['x'.repeat(MAX_LINE)]);
  push(Buffer.from('\nnext'));
  end();
  expect(lines).toEqual(['x'.repeat(MAX_LINE), 'next']);
});
