import { codeOf } from '@slipway/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLayeredTree } from './layered-tree.ts';
import { decodePaxRecords, decodeTar } from './tar-reader.ts';
import { encodePaxRecord, encodeTar } from './tar-writer.ts';
import type { Tree, TreeEntry } from './tree.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const toTar = (tree: Tree): Buffer => Buffer.concat([...encodeTar(tree)]);
const fromTar = (tar: Uint8Array, source: string): Tree => {
  const tree = createLayeredTree();
  tree.apply(decodeTar(tar, source), { source, whiteouts: false, keepDirectorySymlinks: false });
  return tree.toTree();
};

const meta = { mode: 0o644, uid: 0, gid: 0, mtime: 1, source: 's' };
const treeOf = (...entries: TreeEntry[]): Tree => new Map(entries.map((entry) => [entry.path, entry]));

/** One header and its content, with whatever is to be wrong about it. */
const rawEntry = (
  fields: {
    readonly name?: string;
    readonly flag?: string;
    readonly size?: string | Uint8Array;
    readonly link?: string;
  },
  content: Uint8Array = new Uint8Array(),
): Buffer => {
  const header = Buffer.alloc(512);
  header.write(fields.name ?? 'f', 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.set(
    typeof fields.size === 'string'
      ? bytes(fields.size)
      : (fields.size ?? bytes(content.length.toString(8).padStart(11, '0'))),
    124,
  );
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(fields.flag ?? '0', 156);
  header.write(fields.link ?? '', 157);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
};
const END = Buffer.alloc(1024);
const pax = (key: string, value: string): Buffer =>
  rawEntry({ flag: 'x' }, encodePaxRecord(key, bytes(value)));
const negative = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
const huge = Uint8Array.of(0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

describe('malicious archives', () => {
  test.each<[string, Buffer, string]>([
    ['a negative size in base 256', rawEntry({ size: negative }), 'LAYER_UNSAFE'],
    [
      'an owner that Linux cannot hold',
      Buffer.concat([pax('uid', '4294967296'), rawEntry({})]),
      'LAYER_UNSAFE',
    ],
    [
      'the owner that stands for nobody',
      Buffer.concat([pax('gid', '4294967295'), rawEntry({})]),
      'LAYER_UNSAFE',
    ],
    ['a negative size in text', rawEntry({ size: '-0000000001' }), 'LAYER_UNSAFE'],
    ['a size beyond 2^53', rawEntry({ size: huge }), 'LAYER_UNSAFE'],
    [
      'a PAX size that contradicts the header',
      Buffer.concat([pax('size', '1024'), rawEntry({}, bytes('x'))]),
      'LAYER_UNSAFE',
    ],
    ['a negative PAX size', Buffer.concat([pax('size', '-1'), rawEntry({}, bytes('x'))]), 'LAYER_UNSAFE'],
    [
      'a PAX size of 9 GiB with no such bytes',
      Buffer.concat([pax('size', String(9 * 1024 ** 3)), rawEntry({}, bytes('x'))]),
      'COMPONENT_INVALID',
    ],
    ['NUL in a PAX path', Buffer.concat([pax('path', 'a\0b'), rawEntry({})]), 'LAYER_UNSAFE'],
    ['a PAX path that climbs', Buffer.concat([pax('path', '../x'), rawEntry({})]), 'LAYER_UNSAFE'],
    ['an absolute PAX path', Buffer.concat([pax('path', '/x'), rawEntry({})]), 'LAYER_UNSAFE'],
    [
      'a GNU long name that climbs',
      Buffer.concat([rawEntry({ flag: 'L' }, bytes('../x\0')), rawEntry({})]),
      'LAYER_UNSAFE',
    ],
    [
      'a PAX link that climbs',
      Buffer.concat([pax('linkpath', '../x'), rawEntry({ flag: '1' })]),
      'LAYER_UNSAFE',
    ],
    ['a size past the end', rawEntry({ size: '00000010000' }), 'COMPONENT_INVALID'],
    ['a wrong checksum', Buffer.concat([Buffer.from('x'), rawEntry({}).subarray(1)]), 'COMPONENT_INVALID'],
    ['an unknown type', rawEntry({ flag: 'Q' }), 'COMPONENT_INVALID'],
    [
      'a PAX record that is longer than its block',
      rawEntry({ flag: 'x' }, bytes('99 a=b\n')),
      'COMPONENT_INVALID',
    ],
    ['a PAX record without end', rawEntry({ flag: 'x' }, bytes('6 a=bc')), 'COMPONENT_INVALID'],
    ['a name that is not UTF-8', rawEntry({ flag: 'L' }, Uint8Array.of(0xc3, 0x28)), 'COMPONENT_INVALID'],
  ])('%s', (_title, entries, code) => {
    let error: unknown;
    try {
      fromTar(Buffer.concat([entries, END]), 'oci:test');
    } catch (thrown) {
      error = thrown;
    }
    expect(codeOf(error)).toBe(code);
  });

  test('an archive cut off anywhere is refused or, at its end mark, read whole', () => {
    const whole = Buffer.concat([rawEntry({ name: 'a' }, bytes('x')), rawEntry({ name: 'b' }), END]);
    for (let length = 0; length < whole.length - END.length + 512; length += 7)
      expect(() => fromTar(whole.subarray(0, length), 'oci:test')).toThrow(/tar is malformed/);
  });
});

describe('a tree through tar', () => {
  test('keeps everything', () => {
    const long = `${'d'.repeat(120)}/${'ü'.repeat(100)}`;
    const tree = treeOf(
      { ...meta, path: 'd'.repeat(120), type: 'directory', mode: 0o1777 },
      { ...meta, path: long, type: 'file', content: bytes('long'), uid: 3_000_000, gid: 70_000 },
      {
        ...meta,
        path: 'ping',
        type: 'file',
        mode: 0o4755,
        content: bytes('x'.repeat(513)),
        xattrs: new Map([['security.capability', Uint8Array.of(1, 0, 0, 2, 0x80, 0xff, 0x0a, 0)]]),
      },
      { ...meta, path: 'q', type: 'symlink', mode: 0o777, target: `../${'t'.repeat(200)}` },
      { ...meta, path: 'r', type: 'fifo' },
      { ...meta, path: 'z', type: 'hardlink', target: 'ping', mode: 0o4755 },
    );
    const back = fromTar(toTar(tree), 's');
    expect([...back.keys()]).toEqual([...tree.keys()].sort());
    for (const [path, entry] of tree) expect(back.get(path)).toEqual(entry);
  });

  test('gives the same bytes whatever the order of insertion', () => {
    const a: TreeEntry = { ...meta, path: 'a', type: 'file', content: bytes('1') };
    const b: TreeEntry = { ...meta, path: 'b', type: 'file', content: bytes('2') };
    expect(toTar(treeOf(a, b))).toEqual(toTar(treeOf(b, a)));
  });
});

test('PAX records of any bytes come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.stringMatching(/^[a-zA-Z.]{1,60}$/), (value, key) => {
      expect(decodePaxRecords(new Uint8Array(encodePaxRecord(key, value)), 's')).toEqual(
        new Map([[key, value]]),
      );
    }),
  );
});

test('reading never fails but by a code, whatever the bytes', () => {
  const good = Buffer.concat([
    pax('path', 'x/y'),
    rawEntry({}, bytes('content')),
    rawEntry({ flag: '5', name: 'd/' }),
    END,
  ]);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
      const bad = Buffer.from(good);
      bad[at] = value;
      let code = 'none';
      try {
        fromTar(bad, 's');
      } catch (error) {
        code = codeOf(error);
      }
      expect(['none', 'COMPONENT_INVALID', 'LAYER_UNSAFE']).toContain(code);
    }),
    { numRuns: 2000 },
  );
});
