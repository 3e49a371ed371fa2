import { TextDecoder, TextEncoder } from '../polyfill/text.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Bytes extends Uint8Array {
  writeUInt8(value: number, at: number): void {
    this[at] = value;
  }

  writeUInt16BE(value: number, at: number): void {
    new DataView(this.buffer, this.byteOffset).setUint16(at, value);
  }

  writeUInt32BE(value: number, at: number): void {
    new DataView(this.buffer, this.byteOffset).setUint32(at, value);
  }

  readUInt8(at: number): number {
    return this[at] ?? 0;
  }

  readUInt16BE(at: number): number {
    return new DataView(this.buffer, this.byteOffset).getUint16(at);
  }

  readUInt32BE(at: number): number {
    return new DataView(this.buffer, this.byteOffset).getUint32(at);
  }

  write(text: string, at: number): number {
    const bytes = encoder.encode(text);
    this.set(bytes, at);
    return bytes.length;
  }

  copy(target: Uint8Array, at: number): number {
    target.set(this, at);
    return this.length;
  }

  override toString(_encoding?: string, start = 0, end = this.length): string {
    return decoder.decode(this.subarray(start, end));
  }
}

const from = (source: string | ArrayLike<number>): Bytes => {
  const bytes = typeof source === 'string' ? encoder.encode(source) : source;
  const buffer = new Bytes(bytes.length);
  buffer.set(bytes);
  return buffer;
};

const make = (length: number): Bytes => new Bytes(length);

/** As much of Node's Buffer as mqtt-packet uses. */
export const Buffer = Object.assign(Bytes, {
  from,
  alloc: make,
  allocUnsafe: make,
  /** of a text in UTF-8, or of bytes */
  byteLength: (source: string | Uint8Array): number => {
    if (typeof source !== 'string') return source.length;
    return /^[\0-\x7f]*$/.test(source) ? source.length : encoder.encode(source).length;
  },
  isBuffer: (value: unknown): boolean => value instanceof Bytes,
});
export type Buffer = Bytes;
