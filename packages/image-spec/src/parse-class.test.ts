import { codeOf, SlipwayError } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { namesDisk } from './class-file.ts';
import { parseClassFile } from './parse-class.ts';

test('sizes become bytes, image files become relative to the repository, the rest gets its defaults', () => {
  expect(
    parseClassFile(
      'name: edge\narch: arm64\nimages: [../edge.yml]\npartitions: {root: 1G}\n',
      'classes/e.yml',
    ),
  ).toEqual({
    name: 'edge',
    alsoTrusts: [],
    signing: 'default',
    arch: 'arm64',
    board: 'uefi',
    bootLoader: 'systemd-boot',
    images: ['edge.yml'],
    variables: {},
    partitions: { esp: 256 * 1024 ** 2, root: 1024 ** 3, data: 256 * 1024 ** 2 },
    cmdline: '',
    secureBoot: false,
    qualification: 'on',
    needs: [],
    outputs: ['disk'],
    triggers: [],
    lint: { allow: [] },
  });
});

const pi = 'name: edge\narch: arm64\nimages: [edge.yml]\nboard: rpi\n';
test('a Raspberry Pi has its own boot loader, named or not', () => {
  expect(parseClassFile(pi, 'edge.yml').bootLoader).toBe('tryboot');
  expect(parseClassFile(`${pi}bootLoader: tryboot\n`, 'edge.yml').bootLoader).toBe('tryboot');
});

const base = 'name: edge\narch: amd64\nimages: [edge.yml]\n';
test.each([
  ['[disk]', true],
  ['[vmdk]', true],
  ['[bundle, raw-efi]', true],
  ['[bundle]', false],
  ['[]', false],
])('outputs %s: there is a disk: %s', (outputs, expected) => {
  expect(namesDisk(parseClassFile(`${base}outputs: ${outputs}\n`, 'edge.yml'))).toBe(expected);
});

test.each([
  [
    'an architecture that is not known',
    'name: edge\narch: x86\nimages: [a]\n',
    { line: 2, column: 7, key: 'arch' },
  ],
  ['an unknown key', `${base}partition: {}\n`, { line: 4, key: 'partition', suggestion: 'partitions' }],
  ['a size without unit', `${base}partitions: {root: 512}\n`, { line: 4, key: 'partitions.root' }],
  ['a size of nothing', `${base}partitions: {root: 0M}\n`, { line: 4, key: 'partitions.root' }],
  [
    'an EFI system partition that firmware would not read',
    `${base}partitions:\n  root: 1G\n  esp: 32M\n`,
    { line: 6, column: 8, key: 'partitions.esp' },
  ],
  ['an image outside the repository', 'name: e\narch: amd64\nimages: [../x.yml]\n', { key: 'images[0]' }],
  [
    'an output of image files alone',
    `${base}outputs: [disk, qcow2-ef]\n`,
    { line: 4, key: 'outputs[1]', suggestion: 'qcow2-efi' },
  ],
  ['no images', 'name: e\narch: amd64\nimages: []\n', { key: 'images' }],
  [
    'Secure Boot without the loader that is signed',
    `${base}bootLoader: u-boot\nsecureBoot: true\n`,
    { line: 5, key: 'secureBoot' },
  ],
  [
    'Secure Boot where no firmware has it',
    'name: e\narch: arm/v7\nimages: [a]\nsecureBoot: true\n',
    { line: 4, key: 'secureBoot' },
  ],
  ['another loader on a Raspberry Pi', `${pi}bootLoader: u-boot\n`, { line: 5, key: 'bootLoader' }],
  ['its loader on another board', `${base}bootLoader: tryboot\n`, { line: 4, key: 'bootLoader' }],
  ['a Raspberry Pi of another architecture', `${base}board: rpi\n`, { line: 2, key: 'arch' }],
  ['Secure Boot on a Raspberry Pi', `${pi}secureBoot: true\n`, { line: 5, key: 'secureBoot' }],
  ['an empty file', '', { line: 1, column: 1 }],
])('%s is refused', (_title, text, details) => {
  let error: unknown;
  try {
    parseClassFile(text, 'edge.yml');
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe('SPEC_INVALID');
  expect(error).toBeInstanceOf(SlipwayError);
  expect(error).toMatchObject({ details: { file: 'edge.yml', ...details } });
});

test('the least EFI system partition is taken', () => {
  expect(parseClassFile(`${base}partitions: {esp: 33M}\n`, 'edge.yml').partitions.esp).toBe(33 * 1024 ** 2);
});

test('there are no classes of machines without UEFI', () => {
  expect(() => parseClassFile('name: big\narch: s390x\nimages: [a]\n', 'big.yml')).toThrow(
    expect.objectContaining({ code: 'ARCH_UNSUPPORTED', details: { arch: 's390x', file: 'big.yml' } }),
  );
});
