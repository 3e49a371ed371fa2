import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('without a word it is about the two architectures of the image repository', () => {
  expect(parseOptions([]).archs).toEqual(['amd64', 'arm64']);
});

test('an architecture goes by any of its names, and counts once', () => {
  expect(parseOptions(['--arch', 'armhf', '--arch', 'linux/arm/v7', '--arch', 'riscv64']).archs).toEqual([
    'arm/v7',
    'riscv64',
  ]);
});

test.each(['s390x', 'mips'])('there are no devices of %s', (arch) => {
  let refusal: unknown;
  try {
    parseOptions(['--arch', arch]);
  } catch (error) {
    refusal = error;
  }
  expect(codeOf(refusal)).toBe('USAGE');
});
