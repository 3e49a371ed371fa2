import { readContent } from '@slipway/components';
import { array, assert, property, record, stringMatching, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { peStub } from './fixture/pe-stub.ts';
import { peSections, peWithSections, type PeSection } from './pe.ts';

const appendPeSections = (stub: Uint8Array, sections: readonly PeSection[]): Buffer =>
  Buffer.concat(peWithSections(stub, sections).map(readContent));

const section = record({
  name: stringMatching(/^\.[a-z]{1,7}$/),
  content: uint8Array({ minLength: 1, maxLength: 9000 }),
});

test('sections appended are read back with their content, aligned and apart from one another', () => {
  assert(
    property(array(section, { maxLength: 8 }), (sections) => {
      const pe = appendPeSections(peStub(8), sections);
      const [text, ...added] = peSections(pe);
      expect(text?.name).toBe('.text');
      expect(added.map(({ name, size }) => ({ name, size }))).toEqual(
        sections.map(({ name, content }) => ({ name, size: content.length })),
      );
      let address = 0x3000;
      for (const [index, { offset, size, address: at }] of added.entries()) {
        expect(pe.subarray(offset, offset + size).equals(Buffer.from(sections[index]?.content ?? []))).toBe(
          true,
        );
        expect(offset % 512).toBe(0);
        expect(at % 4096).toBe(0);
        expect(at).toBeGreaterThanOrEqual(address);
        address = at + size;
      }
      const header = pe.readUInt32LE(0x3c);
      expect(pe.readUInt32LE(header + 24 + 56)).toBeGreaterThanOrEqual(address);
    }),
  );
});

test('the first section appended lies at the same offset whatever follows', () => {
  const kernel = { name: '.linux', content: Buffer.alloc(5000, 1) };
  const offset = (more: { name: string; content: Uint8Array }[]) =>
    peSections(appendPeSections(peStub(), [kernel, ...more])).find(({ name }) => name === '.linux')?.offset;
  expect(offset([{ name: '.cmdline', content: Buffer.from('a') }])).toBe(
    offset([{ name: '.cmdline', content: Buffer.alloc(100_000) }]),
  );
});

test('a stub of 32 bits takes them, too; one of no width is refused', () => {
  const stub = (magic: number): Buffer => {
    const pe = Buffer.from(peStub(4));
    pe.writeUInt16LE(magic, pe.readUInt32LE(0x3c) + 24);
    return pe;
  };
  const added = [{ name: '.linux', content: Buffer.from('kernel') }];
  expect(peSections(appendPeSections(stub(0x10b), added)).map(({ name }) => name)).toEqual([
    '.text',
    '.linux',
  ]);
  expect(() => appendPeSections(stub(0x107), added)).toThrow(/neither PE32 nor PE32/);
});

test('a stub without room for the headers is refused', () => {
  const sections = Array.from({ length: 40 }, () => ({ name: '.x', content: Buffer.from('x') }));
  expect(() => appendPeSections(peStub(2), sections)).toThrow(/no room/);
});

test.each([
  ['no MZ', Buffer.alloc(4096)],
  ['too short', Buffer.from('MZ')],
])('a file that is no PE image is refused: %s', (_, stub) => {
  expect(() => appendPeSections(stub, [])).toThrow(expect.objectContaining({ code: 'COMPONENT_INVALID' }));
});
