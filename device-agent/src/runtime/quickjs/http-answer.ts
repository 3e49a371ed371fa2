import { join } from './join.ts';

export type Answer = { readonly status: number; readonly body: string };

const MAX_HEAD_BYTES = 64 * 1024;

type Head = {
  readonly status: number;
  readonly isChunked: boolean;
  /** undefined: the body ends with the connection */
  readonly length: number | undefined;
  /** where the body begins */
  readonly end: number;
};

const malformed = (what: string): Error => new Error(`the server sent no HTTP: ${what}`);

const indexOf = (bytes: Uint8Array, text: string, from: number): number => {
  for (
    let at = bytes.indexOf(text.charCodeAt(0), from);
    at >= 0;
    at = bytes.indexOf(text.charCodeAt(0), at + 1)
  ) {
    let same = 1;
    while (same < text.length && bytes[at + same] === text.charCodeAt(same)) same++;
    if (same === text.length) return at;
  }
  return -1;
};

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** @param lines the first is the status line */
const readHead = ([first = '', ...lines]: readonly string[], end: number): Head => {
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]);
  if (Number.isNaN(status)) throw malformed(JSON.stringify(first.slice(0, 80)));
  const header = (name: string): string | undefined => {
    const line = lines.find((candidate) => candidate.toLowerCase().startsWith(`${name}:`));
    return line?.slice(name.length + 1).trim();
  };
  const length = header('content-length');
  if (length !== undefined && !/^\d+$/.test(length)) throw malformed('a length that is no number');
  const hasNoBody = status === 204 || status === 304;
  return {
    status,
    isChunked: header('transfer-encoding')?.toLowerCase() === 'chunked',
    length: hasNoBody ? 0 : length === undefined ? undefined : Number(length),
    end,
  };
};

/** @returns undefined while it is not all there */
const parseHead = (bytes: Uint8Array): Head | undefined => {
  for (let from = 0; ;) {
    const end = indexOf(bytes, '\r\n\r\n', from);
    if (end < 0 ? bytes.length > MAX_HEAD_BYTES : end > MAX_HEAD_BYTES)
      throw malformed('headers without end');
    if (end < 0) return undefined;
    const head = readHead(latin1(bytes.subarray(from, end)).split('\r\n'), end + 4);
    // Of an answer that only announces another nothing is of interest.
    if (head.status >= 200) return head;
    from = head.end;
  }
};

/** @returns undefined while it is not all there */
const parseChunks = (bytes: Uint8Array, from: number): Uint8Array | undefined => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let at = from; ;) {
    const lineEnd = indexOf(bytes, '\r\n', at);
    if (lineEnd < 0) return undefined;
    const hex = /^([0-9a-fA-F]{1,8})(?:;.*)?$/.exec(
      latin1(bytes.subarray(at, Math.min(lineEnd, at + 256))),
    )?.[1];
    if (hex === undefined) throw malformed('a chunk without a length');
    const length = Number.parseInt(hex, 16);
    const begin = lineEnd + 2;
    if (length === 0) return indexOf(bytes, '\r\n', begin) < 0 ? undefined : join(parts, size);
    if (bytes.length < begin + length + 2) return undefined;
    parts.push(bytes.subarray(begin, begin + length));
    size += length;
    at = begin + length + 2;
  }
};

/**
 * What a server has sent so far, as an answer.
 *
 * @param isOver the connection is closed
 * @returns undefined while more has to come
 * @throws where it is no HTTP, or more than `maxBytes` of body
 * @see RFC 9112
 */
export const parseAnswer = (bytes: Uint8Array, maxBytes: number, isOver: boolean): Answer | undefined => {
  const tooLarge = (size: number): void => {
    if (size > maxBytes) throw new Error(`answer larger than ${maxBytes} bytes`);
  };
  const head = parseHead(bytes);
  if (head === undefined) return undefined;
  const { status, isChunked, length, end } = head;
  const text = (body: Uint8Array): Answer => {
    tooLarge(body.length);
    return { status, body: new TextDecoder().decode(body) };
  };
  tooLarge(length ?? 0);
  if (isChunked) {
    const body = parseChunks(bytes, end);
    if (body !== undefined) return text(body);
    tooLarge((bytes.length - end) / 2); // the lengths of the chunks take less than their bytes
    return undefined;
  }
  tooLarge(bytes.length - end);
  if (length === undefined) return isOver ? text(bytes.subarray(end)) : undefined;
  return bytes.length - end < length ? undefined : text(bytes.subarray(end, end + length));
};
