import type { Component } from '@slipway/components';
import { Digest } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { resolvedComponents } from './resolved-components.ts';

const digest = (letter: string) => Digest.parse(`sha256:${letter.repeat(64)}`);
const origin = (name: string, version: string, letter: string) => ({
  type: 'deb' as const,
  name,
  version,
  purl: `pkg:deb/debian/${name}@${version}`,
  digest: digest(letter),
});
const component = (ref: string, more: Partial<Component> = {}): Component => ({
  ref,
  tree: new Map(),
  config: {},
  origins: [],
  ...more,
});

test.each([
  ['alpine:3.20', { kind: 'oci', name: 'docker.io/library/alpine' }],
  ['registry.lan:5000/edge/web', { kind: 'oci', name: 'registry.lan:5000/edge/web' }],
  ['oci:layouts/web:2', { kind: 'local', name: 'layouts/web' }],
  ['oci-archive:web.tar', { kind: 'local', name: 'web.tar' }],
])('%s has the digest of its manifest and says its version', (ref, expected) => {
  const one = component(ref, {
    digest: digest('a'),
    origins: [origin('web', '2', 'a'), origin('libc', '9', 'b')],
  });
  expect(resolvedComponents([one])).toEqual([
    { reference: ref, version: '2', digest: digest('a'), ...expected },
  ]);
});

test('a set of packages has a digest over them, whatever their order, and another one if a package changes', () => {
  const setOf = (...origins: Component['origins']) => component('deb:base', { origins });
  const [busybox, musl] = [origin('busybox', '1', 'a'), origin('musl', '1', 'b')];
  const digestOf = (one: Component) => resolvedComponents([one])[0]?.digest;
  const first = digestOf(setOf(busybox, musl));
  expect(first).toBe(digestOf(setOf(musl, busybox)));
  for (const other of [setOf(busybox), setOf(busybox, origin('musl', '1', 'c')), setOf()])
    expect(digestOf(other)).not.toBe(first);
  expect(resolvedComponents([setOf(busybox)])[0]).toMatchObject({ kind: 'deb', name: 'base' });
});

test('each reference is there once, in order', () => {
  const all = ['deb:web', 'deb:base', 'deb:web'].map((ref) => component(ref));
  expect(resolvedComponents(all).map(({ reference }) => reference)).toEqual(['deb:base', 'deb:web']);
});
