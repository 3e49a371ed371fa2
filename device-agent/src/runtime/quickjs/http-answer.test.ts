import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAnswer } from './http-answer.ts';

const MAX = 1000;
const parse = (text: string, isOver = false) => parseAnswer(Buffer.from(text), MAX, isOver);

test('an answer of a known length is there when all of it is', () => {
  const text = 'HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length:  7 \r\n\r\nbodyäX';
  for (let length = 0; length < Buffer.byteLength(text); length++) {
    expect(parseAnswer(Buffer.from(text).subarray(0, length), MAX, false)).toBeUndefined();
  }
  expect(parse(text)).toEqual({ status: 404, body: 'bodyäX' });
  expect(parse(`${text}more`)).toEqual({ status: 404, body: 'bodyäX' });
});

test('an answer without a length ends with the connection', () => {
  expect(parse('HTTP/1.0 200\r\n\r\nabc')).toBeUndefined();
  expect(parse('HTTP/1.0 200\r\n\r\nabc', true)).toEqual({ status: 200, body: 'abc' });
  expect(parse('HTTP/1.1 204 \r\n\r\n')).toEqual({ status: 204, body: '' });
});

test('chunks are put together, whatever stands behind their lengths', () => {
  const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n';
  expect(parse(`${head}3\r\nabc\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n`)).toEqual({
    status: 200,
    body: 'abc0123456789',
  });
  expect(parse(`${head}0\r\n\r\n`)).toEqual({ status: 200, body: '' });
  expect(parse(`${head}3\r\nabc\r\n`, true)).toBeUndefined();
  expect(() => parse(`${head}-3\r\nabc\r\n0\r\n\r\n`)).toThrow('chunk');
});

test('announcements are passed over', () => {
  expect(parse('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')).toEqual({
    status: 200,
    body: '',
  });
});

test.each([
  ['HTTP/2 200\r\n\r\n', 'no HTTP'],
  ['HTTP/1.1 2000 OK\r\n\r\n', 'no HTTP'],
  ['\r\n\r\n', 'no HTTP'],
  ['HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n', 'length'],
  ['HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n', 'larger'],
  [`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1001)}`, 'larger'],
  [`x${'y'.repeat(70_000)}`, 'headers without end'],
  ['HTTP/1.1 100 Continue\r\n\r\n'.repeat(3000), 'headers without end'],
])('%j is refused', (text, reason) => {
  expect(() => parse(text)).toThrow(reason);
});

test('whatever the pieces a body is cut into, it comes out whole', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 10 }), (pieces) => {
      const chunks = pieces
        .map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`)
        .join('');
      const text = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
      expect(parse(text)).toEqual({ status: 200, body: pieces.join('') });
    }),
  );
});

/** @returns what it says, or how it fails */
const outcome = (bytes: Uint8Array): number | undefined | Error => {
  try {
    return parseAnswer(bytes, MAX, true)?.body.length;
  } catch (error) {
    return error instanceof Error ? error : undefined;
  }
};

test('no bytes make it fail otherwise than by an error, or say more than it may', () => {
  const text = fc.constantFrom('HTTP/1.1 200 OK', '\r\n', '\r\n\r\n', 'transfer-encoding: chunked', 'content-length: 5', 'fffffff', '0', 'x', '\0'); // prettier-ignore
  const piece = fc.oneof(
    text.map((words) => Buffer.from(words)),
    fc.uint8Array({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const found = outcome(Buffer.concat(pieces));
      expect(typeof found === 'number' ? found <= MAX : true).toBe(true);
    }),
  );
});
