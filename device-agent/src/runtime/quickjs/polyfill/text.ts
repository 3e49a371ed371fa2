/** Characters at a time, so that the arguments of one call stay few. */
const PIECE = 4096;
const REPLACEMENT = 0xfffd;

/** Code points of UTF-8 with its faults replaced, one for each maximal part of a sequence. */
const decodeSlowly = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at++] ?? 0;
    const more =
      first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (more < 0) {
      text += String.fromCodePoint(REPLACEMENT);
      continue;
    }
    let point = more === 0 ? first : first & (0x3f >> more);
    let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    for (let left = more; left > 0; left--) {
      const next = bytes[at] ?? 0;
      if (next < low || next > high) {
        point = REPLACEMENT;
        break;
      }
      point = (point << 6) | (next & 0x3f);
      [low, high] = [0x80, 0xbf];
      at++;
    }
    text += String.fromCodePoint(point);
  }
  return text;
};

export class TextDecoder {
  readonly encoding = 'utf-8';

  /** Whole texts only. */
  decode(input?: Uint8Array): string {
    if (input === undefined) return '';
    let text = '';
    for (let at = 0; at < input.length; at += PIECE) {
      text += String.fromCharCode(...input.subarray(at, at + PIECE));
    }
    // Where it is ASCII, as nearly always, no code point was looked at.
    const decoded = /[\x80-\xff]/.test(text) ? decodeSlowly(input) : text;
    return decoded.startsWith('\uFEFF') ? decoded.slice(1) : decoded;
  }
}

export class TextEncoder {
  readonly encoding = 'utf-8';

  encode(text = ''): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(/^[\0-\x7f]*$/.test(text) ? text.length : text.length * 3);
    let length = 0;
    for (let at = 0; at < text.length; at++) {
      let point = text.charCodeAt(at);
      if (point < 0x80) {
        bytes[length++] = point;
        continue;
      }
      if (point >= 0xd800 && point < 0xe000) {
        point = text.codePointAt(at) ?? 0;
        if (point > 0xffff) at++;
        else point = REPLACEMENT; // half of a pair
      }
      if (point >= 0x10000) {
        bytes[length++] = 0xf0 | (point >> 18);
        bytes[length++] = 0x80 | ((point >> 12) & 0x3f);
      } else if (point >= 0x800) bytes[length++] = 0xe0 | (point >> 12);
      if (point >= 0x800) bytes[length++] = 0x80 | ((point >> 6) & 0x3f);
      else bytes[length++] = 0xc0 | (point >> 6);
      bytes[length++] = 0x80 | (point & 0x3f);
    }
    return length === bytes.length ? bytes : bytes.slice(0, length);
  }
}
