import type { Arch } from '@slipway/protocol';
import { contentSize, readRange, type Content } from '../../content.ts';

const MACHINE = { amd64: 62, arm64: 183 } as const satisfies Record<Arch, number>;
const SHARED_OBJECT = 3;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_STRTAB = 5n;
const DT_SONAME = 14n;
const PROGRAM_HEADER_BYTES = 56;
const MAX_DYNAMIC_BYTES = 64 * 1024;

type Segment = {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
};

const viewOf = (content: Content, offset: number, length: number): DataView => {
  const bytes = readRange(content, offset, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
};

const segmentsOf = (content: Content, header: DataView): Segment[] => {
  const offset = Number(header.getBigUint64(32, true));
  const count = header.getUint16(56, true);
  const view = viewOf(content, offset, count * PROGRAM_HEADER_BYTES);
  const segments: Segment[] = [];
  for (let at = 0; at + PROGRAM_HEADER_BYTES <= view.byteLength; at += PROGRAM_HEADER_BYTES)
    segments.push({
      type: view.getUint32(at, true),
      offset: Number(view.getBigUint64(at + 8, true)),
      address: view.getBigUint64(at + 16, true),
      size: Number(view.getBigUint64(at + 32, true)),
    });
  return segments;
};

const textAt = (content: Content, offset: number): string => {
  const bytes = readRange(content, offset, 512);
  const end = bytes.indexOf(0);
  return new TextDecoder('latin1').decode(bytes.subarray(0, end < 0 ? bytes.length : end));
};

/**
 * The name under which programs ask for a library.
 *
 * @returns `undefined` if it is no shared library of that architecture, `''` if it gives itself no name
 * @see elf(5)
 */
export const sonameOf = (content: Content, arch: Arch): string | undefined => {
  if (contentSize(content) < 64) return undefined;
  const header = viewOf(content, 0, 64);
  // Magic, 64 bits, little endian.
  if (header.getUint32(0) !== 0x7f454c46 || header.getUint16(4) !== 0x0201) return undefined;
  if (header.getUint16(16, true) !== SHARED_OBJECT) return undefined;
  if (header.getUint16(18, true) !== MACHINE[arch]) return undefined;
  const segments = segmentsOf(content, header);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return undefined;
  const view = viewOf(content, dynamic.offset, Math.min(dynamic.size, MAX_DYNAMIC_BYTES));
  let strings: bigint | undefined;
  let name: bigint | undefined;
  for (let at = 0; at + 16 <= view.byteLength; at += 16) {
    const tag = view.getBigInt64(at, true);
    if (tag === 0n) break;
    if (tag === DT_STRTAB) strings = view.getBigUint64(at + 8, true);
    if (tag === DT_SONAME) name = view.getBigUint64(at + 8, true);
  }
  if (name === undefined || strings === undefined) return '';
  const table = strings;
  const segment = segments.find(
    ({ type, address, size }) => type === PT_LOAD && address <= table && table < address + BigInt(size),
  );
  return segment === undefined
    ? ''
    : textAt(content, segment.offset + Number(table - segment.address) + Number(name));
};
