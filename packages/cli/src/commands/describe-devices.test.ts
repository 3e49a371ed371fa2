import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseAttribute } from './describe-devices.ts';

test.each([
  ['floor=3', ['floor', 3]],
  ['floor=-1.5', ['floor', -1.5]],
  ['site=bremen', ['site', 'bremen']],
  ['url=a=b', ['url', 'a=b']],
  ['spare=true', ['spare', true]],
  ['code="007"', ['code', '007']],
  ['code=007x', ['code', '007x']],
  ['old=', ['old', null]],
  ['old=""', ['old', '']],
])('%s', (text, expected) => expect(parseAttribute(text)).toEqual(expected));

test.each(['floor', '=3', ''])('%j is no attribute', (text) => {
  let code: string | undefined;
  try {
    parseAttribute(text);
  } catch (error) {
    code = codeOf(error);
  }
  expect(code).toBe('USAGE');
});
