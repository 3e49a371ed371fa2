import { Buffer } from './buffer.ts';

/**
 * What mqtt-packet reads from, instead of the package `bl`, which brings Node's streams along. Parts are joined once a
 * packet is complete, so that a large one is copied once and not with each part.
 */
export class BufferList {
  length = 0;
  private parts: Uint8Array[] = [];

  append(bytes: Uint8Array): this {
    if (bytes.length > 0) this.parts.push(bytes);
    this.length += bytes.length;
    return this;
  }

  consume(bytes: number): void {
    this.length -= Math.min(bytes, this.length);
    for (let left = bytes; left > 0 && this.parts.length > 0;) {
      const first = this.parts[0] ?? new Uint8Array();
      if (first.length > left) {
        this.parts[0] = first.subarray(left);
        return;
      }
      left -= first.length;
      this.parts.shift();
    }
  }

  /** A copy: what is kept of a packet must not keep everything that came with it. */
  slice(start = 0, end = this.length): Buffer {
    const bytes = new Buffer(Math.max(0, Math.min(end, this.length) - start));
    let at = 0;
    for (const part of this.parts) {
      const [from, to] = [Math.max(0, start - at), Math.min(part.length, end - at)];
      if (to > from) bytes.set(part.subarray(from, to), at + from - start);
      at += part.length;
      if (at >= end) break;
    }
    return bytes;
  }

  readUInt8(at: number): number {
    const [first] = this.parts;
    if (first !== undefined && at < first.length) return first[at] ?? 0;
    return this.slice(at, at + 1)[0] ?? 0;
  }

  readUInt16BE(at: number): number {
    return this.slice(at, at + 2).readUInt16BE(0);
  }

  readUInt32BE(at: number): number {
    return this.slice(at, at + 4).readUInt32BE(0);
  }

  toString(_encoding: string, start: number, end: number): string {
    return this.slice(start, end).toString();
  }
}
