import { expect, test } from 'vitest';
import { placeAt } from './yaml-place.ts';

/** `|` is where the cursor stands. */
const at = (marked: string) => placeAt(marked.replace('|', ''), marked.indexOf('|'));

test.each([
  ['a key at the top', 'na|', [], 'key'],
  ['an empty line at the top', 'name: x\n|', [], 'key'],
  ['a key of a mapping', 'partitions:\n  es|', ['partitions'], 'key'],
  ['a key two deep', 'a:\n  b:\n    c|', ['a', 'b'], 'key'],
  ['a key after a deeper one', 'a:\n  b:\n    c: 1\n  d|', ['a'], 'key'],
  ['the first key of an item', 'services:\n  - na|', ['services', '-'], 'key'],
  ['a further key of an item', 'services:\n  - name: web\n    im|', ['services', '-'], 'key'],
  [
    'a key of a second item',
    'services:\n  - name: a\n    image: b\n  - name: c\n    im|',
    ['services', '-'],
    'key',
  ],
  ['a list at the indentation of its key', 'services:\n- name: web\n  im|', ['services', '-'], 'key'],
  [
    'a mapping within an item',
    'services:\n  - name: web\n    runtime:\n      mk|',
    ['services', '-', 'runtime'],
    'key',
  ],
  ['a value', 'arch: am|', ['arch'], 'value'],
  ['an empty value', 'arch: |', ['arch'], 'value'],
  ['a value within an item', 'services:\n  - name: web\n    net: ho|', ['services', '-', 'net'], 'value'],
  ['the value of the first key of an item', 'services:\n  - name: |', ['services', '-', 'name'], 'value'],
  ['across comments and empty lines', 'partitions:\n  # sizes\n\n  ro|', ['partitions'], 'key'],
])('%s', (_what, marked, path, what) => {
  expect(at(marked)).toMatchObject({ path, what });
});

test.each(['name: [a, |', '# comm|', 'name: "a b|'])('nothing is completed in %j', (marked) => {
  expect(at(marked)).toBeUndefined();
});

test('keys that are there already are known, those of other mappings are not', () => {
  expect(at('name: a\narch: b\n|\nimages: []')?.siblings.toSorted()).toEqual(['arch', 'images', 'name']);
  expect(at('a:\n  b: 1\n  |\n  c: 2\nd: 3')?.siblings.toSorted()).toEqual(['b', 'c']);
  expect(at('s:\n  - name: a\n    image: b\n  - name: c\n    |')?.siblings).toEqual(['name']);
});

test('what is typed begins where its word does', () => {
  expect(at('arch: am|')?.from).toBe('arch: '.length);
  expect(at('ab\nna|')?.from).toBe('ab\n'.length);
});
