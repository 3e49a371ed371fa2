import { expect, test } from 'vitest';
import { parseFailure } from './job-failure.ts';

test.each([
  ['{"code":"PACKAGE_NOT_FOUND","message":"no such package"}', 'PACKAGE_NOT_FOUND', 'no such package'],
  ['{"code":"SOMETHING_ELSE","message":"odd"}', 'BUILD_FAILED', 'odd'],
  ['job stalled more than allowable limit', 'BUILD_FAILED', 'job stalled more than allowable limit'],
  ['{"code":1}', 'BUILD_FAILED', '{"code":1}'],
])('%s', (reason, code, message) => {
  expect(parseFailure(reason)).toEqual({ code, message });
});
