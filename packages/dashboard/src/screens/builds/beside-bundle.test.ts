import { expect, test } from 'vitest';
import { besideBundle } from './beside-bundle.ts';

test.each([
  [[], 'nothing'],
  [['bundle'], 'nothing'],
  [['disk'], 'disk'],
  [['vmdk', 'bundle', 'qcow2-efi'], 'disk, vmdk, qcow2-efi'],
  [['vmdk', 'disk'], 'disk, vmdk'],
])('of %j a build makes, beside the bundle: %s', (outputs, words) => {
  expect(besideBundle(outputs)).toBe(words);
});
