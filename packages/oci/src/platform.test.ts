import { expect, test } from 'vitest';
import { fitsPlatform } from './platform.ts';

test.each([
  ['linux', 'amd64', undefined, 'amd64', true],
  ['linux', 'x86_64', undefined, 'amd64', true],
  ['linux', 'amd64', 'v1', 'amd64', true],
  ['linux', 'amd64', 'v3', 'amd64', false],
  ['linux', 'arm64', undefined, 'arm64', true],
  ['linux', 'arm64', 'v8', 'arm64', true],
  ['linux', 'aarch64', 'v8', 'arm64', true],
  ['linux', 'arm64', 'v9', 'arm64', false],
  ['linux', 'arm', 'v8', 'arm64', false],
  ['linux', 'arm64', undefined, 'amd64', false],
  ['windows', 'amd64', undefined, 'amd64', false],
] as const)('%s/%s/%s runs on %s: %s', (os, architecture, variant, arch, fits) => {
  expect(fitsPlatform({ os, architecture, variant }, arch)).toBe(fits);
});
