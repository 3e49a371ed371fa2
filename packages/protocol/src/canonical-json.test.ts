import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

test.each([
  [{ b: 1, 9: 2, 10: 3, a: [{ d: 1, c: 2 }] }, '{"10":3,"9":2,"a":[{"c":2,"d":1}],"b":1}'],
  [{ gone: undefined, kept: null, when: new Date(0) }, '{"kept":null,"when":"1970-01-01T00:00:00.000Z"}'],
  ['ü "x"', '"ü \\"x\\""'],
  [[1.0, -0, 1e21], '[1,0,1e+21]'],
  [undefined, 'null'],
  // The order of the standard: UTF-16 units, in which a supplementary character comes before U+FB33.
  [{ '\ufb33': 1, '\u{1f600}': 2 }, '{"\u{1f600}":2,"\ufb33":1}'],
])('%j has the text %s', (value, text) => {
  expect(canonicalJson(value)).toBe(text);
});
