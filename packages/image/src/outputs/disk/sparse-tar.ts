import { contentSize, type Piece } from '@slipway/components';
import type { SparseDisk } from './sparse-disk.ts';

const BLOCK = 512;
const MAX_OCTAL = 8 ** 11 - 1;
/** Runs that fit into the header, and into each block behind it. */
const IN_HEADER = 4;
const IN_BLOCK = 21;

type Run = readonly [offset: number, length: number];

/** Octal digits, or GNU's base 256 for what is too large for them. */
const putNumber = (bytes: Buffer, value: number, at: number): void => {
  if (value <= MAX_OCTAL) bytes.write(`${value.toString(8).padStart(11, '0')}\0`, at);
  else {
    bytes.writeUInt8(0x80, at);
    bytes.writeBigUInt64BE(BigInt(value), at + 4);
  }
};

const putRuns = (bytes: Buffer, runs: readonly Run[], at: number): void => {
  for (const [index, [offset, length]] of runs.entries()) {
    putNumber(bytes, offset, at + index * 24);
    putNumber(bytes, length, at + index * 24 + 12);
  }
};

const header = (name: string, stored: number, size: number, runs: readonly Run[]): Buffer => {
  const bytes = Buffer.alloc(BLOCK);
  bytes.write(name);
  for (const [index, octal] of ['0000644', '0000000', '0000000'].entries())
    bytes.write(octal, 100 + index * 8);
  putNumber(bytes, stored, 124);
  putNumber(bytes, 0, 136);
  bytes.write(' '.repeat(8), 148);
  bytes.write('S', 156);
  bytes.write('ustar  \0', 257);
  bytes.write('root\0', 265);
  bytes.write('root\0', 297);
  putRuns(bytes, runs.slice(0, IN_HEADER), 386);
  bytes.writeUInt8(runs.length > IN_HEADER ? 1 : 0, 482);
  putNumber(bytes, size, 483);
  let sum = 0;
  for (const byte of bytes) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
};

/** A tar of the old GNU format with one sparse file, as `tar --format=oldgnu -S` makes it. */
export const sparseTarPieces = function* ({ size, runs }: SparseDisk, name: string): Generator<Piece> {
  const map: Run[] = runs.map(({ at, content }) => [at, contentSize(content)]);
  const stored = map.reduce((sum, [, length]) => sum + length, 0);
  const [last] = map.slice(-1);
  // A file that ends in a hole says where it ends by an empty run.
  if (last === undefined || last[0] + last[1] < size) map.push([size, 0]);
  yield header(name, stored, size, map);
  for (let done = IN_HEADER; done < map.length; done += IN_BLOCK) {
    const block = Buffer.alloc(BLOCK);
    putRuns(block, map.slice(done, done + IN_BLOCK), 0);
    block.writeUInt8(map.length > done + IN_BLOCK ? 1 : 0, 504);
    yield block;
  }
  for (const { content } of runs) yield content;
  yield Buffer.alloc((BLOCK - (stored % BLOCK)) % BLOCK);
  yield Buffer.alloc(2 * BLOCK);
};
