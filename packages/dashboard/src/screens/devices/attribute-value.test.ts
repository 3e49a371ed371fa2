import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { attributeOf, attributeText } from './attribute-value.ts';

test.each([
  ['bremen', 'bremen'],
  ['-1', -1],
  ['2.5', 2.5],
  ['007', '007'],
  ['"7"', '7'],
  ['true', true],
  ['"true"', 'true'],
  ['', ''],
])('%j is %j', (text, value) => expect(attributeOf(text)).toBe(value));

test('what is shown is read as it was', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer(), fc.boolean()), (value) => {
      expect(attributeOf(attributeText(value))).toBe(value);
    }),
  );
});
