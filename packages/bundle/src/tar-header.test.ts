import { assert, asyncProperty, integer } from 'fast-check';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { codeOf } from '@slipway/protocol';
import {
  expectEnd,
  expectEntry,
  parseTarHeader,
  TAR_BLOCK_BYTES,
  TAR_END_BYTES,
  tarPadding,
} from './tar-header.ts';

/** A header as tar-stream writes it, before its file's bytes. */
const headerOf = async (name: string, size: number): Promise<Buffer> => {
  const tar = pack();
  tar
    .entry({ name, size, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'file' })
    .on('error', () => undefined);
  for await (const block of tar) if (block instanceof Uint8Array) return Buffer.from(block);
  throw new TypeError('no header');
};
const uki = await headerOf('uki.efi', 5);
const root = await headerOf('root.img', 1);
const script = await headerOf('evil.sh', 1);
const manifest = await headerOf('manifest.json', 1);

/** The header with bytes replaced and the checksum made right again: what an attacker would send. */
const forged = (change: (block: Buffer) => void): Buffer => {
  const from = Buffer.from(uki);
  change(from);
  from.fill(0x20, 148, 156);
  const sum = from.reduce((total, byte) => total + byte, 0);
  from.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return from;
};

const codeFrom = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
};

describe('parseTarHeader', () => {
  test('reads what tar-stream writes, whatever the size', async () => {
    await assert(
      asyncProperty(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), async (size) => {
        expect(parseTarHeader(await headerOf('root.img', size))).toEqual({ name: 'root.img', size });
      }),
    );
  });

  test.each([2 ** 31 + 1, 2 ** 32 + 1, 8 ** 11 - 1, 8 ** 11, 2 ** 53 - 1])(
    'a size of %d is exact',
    async (size) => {
      expect(parseTarHeader(await headerOf('root.img', size)).size).toBe(size);
    },
  );

  test('a flipped bit anywhere is refused, but for the end of the checksum, which means nothing', () => {
    const taken = new Set<number>();
    for (let bit = 0; bit < TAR_BLOCK_BYTES * 8; bit += 1) {
      const bad = Buffer.from(root);
      bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      if (codeFrom(() => parseTarHeader(bad)) === 'none') taken.add(bit >> 3);
    }
    expect([...taken].filter((byte) => byte < 154 || byte > 155)).toEqual([]);
  });

  test.each<[string, (block: Buffer) => void]>([
    ['hard link', (block) => block.write('1', 156)],
    ['symbolic link', (block) => block.write('2', 156)],
    ['device', (block) => block.write('3', 156)],
    ['directory', (block) => block.write('5', 156)],
    ['PAX record', (block) => block.write('x', 156)],
    ['global PAX record', (block) => block.write('g', 156)],
    ['GNU long name', (block) => block.write('L', 156)],
    ['GNU sparse file', (block) => block.write('S', 156)],
    ['old regular file', (block) => block.fill(0, 156, 157)],
    ['link name', (block) => block.write('x', 157)],
    ['prefix', (block) => block.write('dir', 345)],
    ['bytes behind the prefix', (block) => block.write('x', 505)],
    ['GNU magic', (block) => block.write('ustar  \0', 257)],
    ['no magic', (block) => block.fill(0, 257, 265)],
    ['absolute name', (block) => block.write('/uki.efi', 0)],
    ['name that leaves', (block) => block.write('../a', 0)],
    ['hidden name', (block) => block.write('.efi', 0)],
    ['name with text behind its NUL', (block) => block.write('x', 50)],
    ['name without end', (block) => block.fill('a', 0, 100).write('\n', 99)],
    ['empty name', (block) => block.fill(0, 0, 100)],
    ['negative size', (block) => block.fill(0xff, 124, 136)],
    ['size above 2^53', (block) => block.fill(0, 124, 136).fill(0x80, 124, 125).fill(0x20, 129, 130)],
    ['size in letters', (block) => block.write('0000000000z', 124)],
    ['empty size', (block) => block.fill(0x20, 124, 136)],
    ['octal size with a sign', (block) => block.write('-0000000001', 124)],
  ])('refuses: %s', (_what, change) => {
    expect(codeFrom(() => parseTarHeader(forged(change)))).toBe('BUNDLE_MALFORMED');
  });

  test.each([0, 511, 513])('refuses %d bytes', (length) => {
    expect(codeFrom(() => parseTarHeader(Buffer.alloc(length)))).toBe('BUNDLE_MALFORMED');
  });
});

describe('expectEntry', () => {
  test('tells the size of the file expected', () => {
    expect(expectEntry(uki, 'uki.efi')).toBe(5);
  });

  test.each([
    ['another file', script, 'BUNDLE_FILE_UNLISTED'],
    ['the end of the archive', Buffer.alloc(TAR_BLOCK_BYTES), 'BUNDLE_FILE_UNLISTED'],
    ['a known file out of order', root, 'BUNDLE_MALFORMED'],
    ['the same file twice', manifest, 'BUNDLE_MALFORMED'],
  ])('refuses %s', (_what, block, code) => {
    expect(codeFrom(() => expectEntry(block, 'uki.efi'))).toBe(code);
  });
});

describe('expectEnd', () => {
  test('takes two blocks of zeros', () => {
    expect(codeFrom(() => expectEnd(Buffer.alloc(TAR_END_BYTES)))).toBe('none');
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'BUNDLE_MALFORMED'],
    ['one block', Buffer.alloc(TAR_BLOCK_BYTES), 'BUNDLE_MALFORMED'],
    ['a byte more', Buffer.alloc(TAR_END_BYTES + 1), 'BUNDLE_MALFORMED'],
    ['something in the second block', Buffer.alloc(TAR_END_BYTES).fill(1, 600, 601), 'BUNDLE_MALFORMED'],
    ['one more file', Buffer.concat([script, Buffer.alloc(512)]), 'BUNDLE_FILE_UNLISTED'],
    ['a file again', Buffer.concat([root, Buffer.alloc(512)]), 'BUNDLE_MALFORMED'],
  ])('refuses %s', (_what, rest, code) => {
    expect(codeFrom(() => expectEnd(rest))).toBe(code);
  });
});

test.each([
  [0, 0],
  [1, 511],
  [512, 0],
  [513, 511],
])('the padding of %d bytes is %d', (size, padding) => {
  expect(tarPadding(size)).toBe(padding);
});
