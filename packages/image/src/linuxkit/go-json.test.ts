import { expect, test } from 'vitest';
import { encodeGoJson, omitEmpty, sortedMap } from './go-json.ts';

test('as Go indents: four spaces, nothing in what is empty, no newline at the end', () => {
  const value = { a: [1, [], {}, { b: 'x' }], c: true, d: null, e: 18_446_744_073_709_551_615n };
  expect(encodeGoJson(value)).toBe(`{
    "a": [
        1,
        [],
        {},
        {
            "b": "x"
        }
    ],
    "c": true,
    "d": null,
    "e": 18446744073709551615
}`);
});

test('as Go escapes: what HTML would read is written by number', () => {
  expect(encodeGoJson('a<b>&"\u2028é\n')).toBe('"a\\u003cb\\u003e\\u0026\\"\\u2028é\\n"');
});

test('the text is JSON of the same value', () => {
  const value = { list: ['<&>', ''], map: { 'k"': -1.5 } };
  expect(JSON.parse(encodeGoJson(value))).toEqual(value);
});

test('empty things are left out, numbers never', () => {
  expect(
    omitEmpty({ a: '', b: false, c: [], d: {}, e: undefined, f: 0, g: 'x', h: true, i: [''], j: { k: '' } }),
  ).toEqual({ f: 0, g: 'x', h: true, i: [''], j: { k: '' } });
});

test('maps are sorted', () => {
  expect(Object.keys(sortedMap({ b: '1', B: '2', a: '3' }))).toEqual(['B', 'a', 'b']);
  expect(sortedMap(undefined)).toEqual({});
});
