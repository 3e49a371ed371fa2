import { Digest } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { cacheKey } from './plan.ts';

const digest = (digit: string): Digest => Digest.parse(`sha256:${digit.repeat(64)}`);
const input: Parameters<typeof cacheKey>[0] = {
  arch: 'amd64',
  engine: 'buildah 1',
  build: { context: 'web', args: { A: '1', B: '2' } },
  text: 'FROM a\n',
  context: { digest: digest('0') },
  bases: [
    { name: 'a', digests: [{ arch: 'amd64', digest: digest('1') }] },
    { name: 'b', digests: [{ arch: 'amd64', digest: digest('2') }] },
  ],
};

test('order does not count, nor where the context lies or what its image is called', () => {
  const same = cacheKey(input);
  expect(same).toMatch(/^[0-9a-f]{64}$/);
  expect(cacheKey({ ...input, bases: input.bases.toReversed() })).toBe(same);
  expect(cacheKey({ ...input, build: { context: 'web', args: { B: '2', A: '1' } } })).toBe(same);
  expect(cacheKey({ ...input, build: { ...input.build, context: 'other', network: 'host' } })).toBe(same);
});

test.each<[string, Partial<typeof input>]>([
  ['the architecture', { arch: 'arm64' }],
  ['the engine', { engine: 'buildah 2' }],
  ['the Dockerfile', { text: 'FROM a\n\n' }],
  ['an argument', { build: { ...input.build, args: { A: '1', B: '3' } } }],
  ['the target', { build: { ...input.build, target: 'x' } }],
  ['the network', { build: { ...input.build, network: 'none' } }],
  ['the context', { context: { digest: digest('9') } }],
  ['a base image', { bases: [{ name: 'a', digests: [{ arch: 'amd64', digest: digest('9') }] }] }],
])('%s counts', (_what, change) => {
  expect(cacheKey({ ...input, ...change })).not.toBe(cacheKey(input));
});
