import { expect, test } from 'vitest';
import { nextVersion } from './next-version.ts';

test.each([
  [undefined, '1.0.0'],
  ['1.2.3', '1.2.4'],
  ['1.2.9', '1.2.10'],
  ['1.2.3+build.7', '1.2.4'],
  ['2.0.0-rc.1', '2.0.0'],
  ['2.0.0-rc.1+5', '2.0.0'],
  ['0.0.9007199254740993', '0.0.9007199254740994'],
])('after %s comes %s', (last, next) => {
  expect(nextVersion(last)).toBe(next);
});

test('after a restore it leaves room for what was built since the backup', () => {
  expect(nextVersion('1.2.3', true)).toBe('1.3.0');
  expect(nextVersion('2.0.0-rc.1', true)).toBe('2.1.0');
});
