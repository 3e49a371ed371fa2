import { array, assert, constantFrom, dictionary, letrec, oneof, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { compareKeys } from './key-order.ts';
import { formatJson } from './json-text.ts';
import { formatYaml, type Fields, type Plain } from './yaml-text.ts';

/** As yaml.v3 of Go writes it. */
const written: [value: string, text: string][] = [
  ['a b', 'a b'],
  ['', '""'],
  ['yes', '"yes"'],
  ['null', '"null"'],
  ['0755', '"0755"'],
  ['1_000', '"1_000"'],
  ['0x1f', '"0x1f"'],
  ['1e5', '"1e5"'],
  ['1.2.3', '1.2.3'],
  ['1:30', '"1:30"'],
  ['2026-01-02', '"2026-01-02"'],
  ['CAP_X', 'CAP_X'],
  ['a: b', "'a: b'"],
  ['a:b', 'a:b'],
  ['a #b', "'a #b'"],
  ['-', "'-'"],
  ['-a', '-a'],
  ["it's", "it's"],
  ["'a'", "'''a'''"],
  ['"a"', `'"a"'`],
  ['{a}', "'{a}'"],
  ['a{b}', 'a{b}'],
  [' a', "' a'"],
  ['a\tb', '"a\\tb"'],
  ['é', 'é'],
  ['😀', '"\\U0001F600"'],
  ['\u0001', '"\\x01"'],
  ['a\nb', '|-\n        a\n        b'],
  ['a\nb\n', '|\n        a\n        b'],
  ['a\n\n', '|+\n        a\n'],
  ['a\n\n b\n', '|\n        a\n\n         b'],
  ['a \nb', '"a \\nb"'],
  ['a\r\nb', '"a\\r\\nb"'],
];

test.each(written)('%j is written as %j', (value, text) => {
  expect(formatYaml(new Map([['a', [new Map([['b', value]])]]]))).toBe(`a:\n    - b: ${text}\n`);
});

test('lists and mappings stand where Go puts them', () => {
  const value: Fields = new Map<string, Plain>([
    ['none', []],
    ['empty', new Map()],
    ['list', ['a', 1, true]],
    [
      'deep',
      [
        new Map<string, Plain>([
          ['name', 'a'],
          ['list', ['b']],
          ['map', new Map([['list', ['c']]])],
        ]),
      ],
    ],
  ]);
  expect(formatYaml(value)).toBe(`none: []
empty: {}
list:
    - a
    - 1
    - true
deep:
    - name: a
      list:
        - b
      map:
        list:
            - c
`);
  expect(formatJson(value)).toBe(`{
    "none": [],
    "empty": {},
    "list": [
        "a",
        1,
        true
    ],
    "deep": [
        {
            "name": "a",
            "list": [
                "b"
            ],
            "map": {
                "list": [
                    "c"
                ]
            }
        }
    ]
}`);
});

test('JSON escapes what HTML could trip over, and keeps the order of keys that are numbers', () => {
  expect(
    formatJson(
      new Map([
        ['10', '<a & b>\u2028'],
        ['9', ''],
      ]),
    ),
  ).toBe('{\n    "10": "\\u003ca \\u0026 b\\u003e\\u2028",\n    "9": ""\n}');
});

test.each([
  ['net.ipv4.conf.eth9.x', 'net.ipv4.conf.eth10.x'],
  ['a', 'b'],
  ['B', 'a'],
  ['a', 'aa'],
  ['a.b', 'ab'],
  ['a1', 'ab'],
  ['1a', '1.'],
  ['01', '001'],
  ['100', '101'],
])('key %s goes before %s', (first, second) => {
  expect(compareKeys(first, second)).toBeLessThan(0);
  expect(compareKeys(second, first)).toBeGreaterThan(0);
});

const pieces = constantFrom(
  'a',
  '1',
  '0',
  ' ',
  '\n',
  '\t',
  ':',
  '-',
  '#',
  ',',
  '?',
  '.',
  '"',
  "'",
  '\\',
  '_',
  'é',
  '\u2028',
  '\r',
  '😀',
  'yes',
  '~',
  '0x',
  'e5',
  '@',
  '|',
  '>',
  '&',
  '*',
  '!',
  '{',
  '[',
  '---',
  '<<',
  '+',
  '=',
  '%',
  '\ufeff',
  '\u0085',
);
const text = oneof(
  array(pieces, { maxLength: 6 }).map((parts) => parts.join('')),
  string(),
);
const { value } = letrec<{ value: Plain }>((tie) => ({
  value: oneof(
    { maxDepth: 3 },
    text,
    constantFrom(0, -1, 65_536, true, false, null),
    array(tie('value'), { maxLength: 3 }).filter((list) => !list.some(Array.isArray)),
    dictionary(text, tie('value'), { maxKeys: 3 }).map((object) => new Map(Object.entries(object))),
  ),
}));

const toObject = (item: Plain): unknown => {
  if (item instanceof Map) return [...item].map(([key, below]) => [key, toObject(below)]);
  return Array.isArray(item) ? item.map(toObject) : item;
};
const fromMap = (item: unknown): unknown => {
  if (item instanceof Map) return [...item].map(([key, below]) => [key, fromMap(below)]);
  return Array.isArray(item) ? item.map(fromMap) : item;
};

test('what is written is read as the same', () => {
  assert(
    property(value, (item) => {
      const document = new Map([['a', item]]);
      expect(fromMap(parse(formatYaml(document), { mapAsMap: true }))).toEqual(toObject(document));
      expect(fromMap(parse(formatJson(document), { mapAsMap: true }))).toEqual(toObject(document));
    }),
  );
});
