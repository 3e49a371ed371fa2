import { gunzipSync, constants } from 'node:zlib';
import type { Arch } from '@slipway/protocol';

/** Enough of a file's start to tell what it is. */
export const HEAD_BYTES = 128 * 1024;

/** What a file is, by its bytes. */
export type FileKind =
  | { readonly type: 'disk'; readonly format: 'raw' | 'qcow2' | 'vmdk' | 'vpc' }
  | { readonly type: 'cdrom' }
  | { readonly type: 'kernel'; readonly arch: Arch }
  | { readonly type: 'initrd' }
  | { readonly type: 'root'; readonly fileSystem: 'squashfs' | 'erofs' }
  /** by the name of its first file */
  | { readonly type: 'tar'; readonly first: string; readonly compressed: boolean }
  | { readonly type: 'unknown' };

const textAt = (bytes: Buffer, offset: number, length: number): string =>
  bytes.toString('latin1', offset, offset + length);

/** Where a kernel says so, as boot loaders look for it. */
const KERNELS: readonly { readonly arch: Arch; readonly at: number; readonly mark: string }[] = [
  { arch: 'amd64', at: 0x202, mark: 'HdrS' },
  { arch: 'arm64', at: 56, mark: 'ARMd' },
  { arch: 'riscv64', at: 56, mark: 'RSC\u0005' },
  { arch: 'arm/v7', at: 36, mark: '\u0018(o\u0001' },
  { arch: 's390x', at: 0x10008, mark: 'S390EP' },
];

const FILE_SYSTEMS = [
  { fileSystem: 'squashfs', at: 0, mark: 'hsqs' },
  { fileSystem: 'erofs', at: 1024, mark: '\u00e2\u00e1\u00f5\u00e0' },
] as const;

/** What can be unpacked of a gzip file that is cut off. */
const startOfGzip = (head: Buffer): Buffer => {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
};

const isCpio = (head: Buffer): boolean => textAt(head, 0, 6) === '070701';

/**
 * @param head the first `HEAD_BYTES` of a file, or all of it
 * @param tail its last 512 bytes
 */
export const sniff = (head: Buffer, tail: Buffer, compressed = false): FileKind => {
  const kernel = KERNELS.find(({ at, mark }) => textAt(head, at, mark.length) === mark);
  if (kernel !== undefined) return { type: 'kernel', arch: kernel.arch };
  if (isCpio(head)) return { type: 'initrd' };
  if (textAt(head, 257, 5) === 'ustar')
    return { type: 'tar', first: textAt(head, 0, 100).replace(/\0.*$/s, ''), compressed };
  if (compressed) return { type: 'unknown' };
  if (head[0] === 0x1f && head[1] === 0x8b) return sniff(startOfGzip(head), Buffer.alloc(0), true);
  const root = FILE_SYSTEMS.find(({ at, mark }) => textAt(head, at, mark.length) === mark);
  if (root !== undefined) return { type: 'root', fileSystem: root.fileSystem };
  if (textAt(head, 0, 4) === 'QFI\u00fb') return { type: 'disk', format: 'qcow2' };
  if (textAt(head, 0, 4) === 'KDMV') return { type: 'disk', format: 'vmdk' };
  if (textAt(head, 0, 8) === 'conectix' || textAt(tail, 0, 8) === 'conectix')
    return { type: 'disk', format: 'vpc' };
  // A disc that is a disk, too, starts as a disc.
  if (textAt(head, 0x8001, 5) === 'CD001') return { type: 'cdrom' };
  if (textAt(head, 512, 8) === 'EFI PART' || textAt(head, 510, 2) === 'U\u00aa')
    return { type: 'disk', format: 'raw' };
  return { type: 'unknown' };
};
