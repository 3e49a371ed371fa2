import { expect, test } from 'vitest';
import { kernelCommandLine } from './kernel.ts';

const line = (given: string, areModulesSigned = false) =>
  kernelCommandLine('amd64', { rootHash: 'abc', dataBlocks: 9 }, [given], areModulesSigned);

test('what an image needs comes first, what is given may override it, what tells the root is last', () => {
  expect(line(' loglevel=7\n quiet ')).toMatch(
    /^console=ttyS0 panic=1 quiet loglevel=4 \S+ \S+ loglevel=7 quiet slipway\.roothash=abc slipway\.blocks=9$/,
  );
  expect(line('console=ttyS1')).not.toContain('ttyS0');
});

test.each([
  ['', false, true, true, true],
  ['', true, true, true, false],
  ['cryptomgr.notests=0', true, false, true, false],
  ['initcall_blacklist=none', false, true, false, false],
  ['fips=1', true, false, false, false],
])('given %j, modules signed: %s', (given, areSigned, skipsTests, skipsJitter, skipsKeys) => {
  const text = line(given, areSigned);
  expect(text.includes(' cryptomgr.notests ')).toBe(skipsTests);
  expect(text.includes('jent_mod_init')).toBe(skipsJitter);
  expect(text.includes('load_system_certificate_list')).toBe(skipsKeys);
});
