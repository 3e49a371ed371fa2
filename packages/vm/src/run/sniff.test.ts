import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sniff, type FileKind } from './sniff.ts';

const NOTHING = Buffer.alloc(0);

/** A file of zeros but for what is put at its places. */
const fileWith = (...places: readonly (readonly [offset: number, text: string])[]): Buffer => {
  const file = Buffer.alloc(0x11000);
  for (const [offset, text] of places) file.write(text, offset, 'latin1');
  return file;
};
const tar = (first: string): Buffer => fileWith([0, first], [257, 'ustar\u000000']);

test.each<[string, Buffer, Buffer, FileKind]>([
  ['a qcow2', fileWith([0, 'QFI\u00fb']), NOTHING, { type: 'disk', format: 'qcow2' }],
  ['a VMDK', fileWith([0, 'KDMV']), NOTHING, { type: 'disk', format: 'vmdk' }],
  ['a dynamic VHD', fileWith([0, 'conectix']), NOTHING, { type: 'disk', format: 'vpc' }],
  [
    'a fixed VHD, which begins as the disk in it',
    fileWith([510, 'U\u00aa'], [512, 'EFI PART']),
    fileWith([0, 'conectix']),
    { type: 'disk', format: 'vpc' },
  ],
  ['a disk with a GPT', fileWith([512, 'EFI PART']), NOTHING, { type: 'disk', format: 'raw' }],
  ['a disk with an MBR', fileWith([510, 'U\u00aa']), NOTHING, { type: 'disk', format: 'raw' }],
  [
    'a CD image that is a disk, too',
    fileWith([510, 'U\u00aa'], [512, 'EFI PART'], [0x8001, 'CD001']),
    NOTHING,
    { type: 'cdrom' },
  ],
  [
    'a kernel for amd64, which looks like a disk and a program of UEFI',
    fileWith([0, 'MZ'], [510, 'U\u00aa'], [0x202, 'HdrS']),
    NOTHING,
    { type: 'kernel', arch: 'amd64' },
  ],
  ['a kernel for arm64', fileWith([0, 'MZ'], [56, 'ARMd']), NOTHING, { type: 'kernel', arch: 'arm64' }],
  ['one for riscv64', fileWith([0, 'MZ'], [56, 'RSC\u0005']), NOTHING, { type: 'kernel', arch: 'riscv64' }],
  ['one for arm/v7', fileWith([36, '\u0018(o\u0001']), NOTHING, { type: 'kernel', arch: 'arm/v7' }],
  ['one for s390x', fileWith([0x10008, 'S390EP']), NOTHING, { type: 'kernel', arch: 's390x' }],
  ['one for arm64, compressed', gzipSync(fileWith([56, 'ARMd'])), NOTHING, { type: 'kernel', arch: 'arm64' }],
  ['a cpio', fileWith([0, '070701']), NOTHING, { type: 'initrd' }],
  ['a compressed cpio', gzipSync(fileWith([0, '070701'])), NOTHING, { type: 'initrd' }],
  ['a squashfs', fileWith([0, 'hsqs']), NOTHING, { type: 'root', fileSystem: 'squashfs' }],
  ['an erofs', fileWith([1024, '\u00e2\u00e1\u00f5\u00e0']), NOTHING, { type: 'root', fileSystem: 'erofs' }],
  ['a tar', tar('kernel'), NOTHING, { type: 'tar', first: 'kernel', compressed: false }],
  [
    'a compressed tar',
    gzipSync(tar('disk.raw')),
    NOTHING,
    { type: 'tar', first: 'disk.raw', compressed: true },
  ],
  ['gzip in gzip', gzipSync(gzipSync(tar('disk.raw'))), NOTHING, { type: 'unknown' }],
  ['gzip that is damaged', Buffer.from([0x1f, 0x8b, 8, 9, 9]), NOTHING, { type: 'unknown' }],
  ['zeros', fileWith(), NOTHING, { type: 'unknown' }],
  ['nothing', NOTHING, NOTHING, { type: 'unknown' }],
])('%s', (_title, head, tail, kind) => {
  expect(sniff(head, tail)).toEqual(kind);
});

test('the start of a large gzip file is enough', () => {
  const whole = gzipSync(Buffer.concat([tar('disk.raw'), Buffer.alloc(1_000_000, 'x')]));
  expect(sniff(whole.subarray(0, 400), NOTHING)).toMatchObject({ type: 'tar', first: 'disk.raw' });
});
