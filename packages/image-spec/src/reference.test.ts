import { codeOf, Digest } from '@slipway/protocol';
import {
  array,
  assert,
  constant,
  constantFrom,
  oneof,
  option,
  property,
  record,
  stringMatching,
} from 'fast-check';
import { expect, test } from 'vitest';
import { formatReference, inRepository, parseReference } from './reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const none = { tag: undefined, digest: undefined };

test.each([
  ['oci:a/b', { type: 'oci', path: 'a/b', ...none }],
  ['oci:../a:1.0-x', { type: 'oci', path: '../a', ...none, tag: '1.0-x' }],
  [`oci:a@${DIGEST}`, { type: 'oci', path: 'a', ...none, digest: DIGEST }],
  [`oci:a:1@${DIGEST}`, { type: 'oci', path: 'a', tag: '1', digest: DIGEST }],
  ['oci:/srv/a', { type: 'oci', path: '/srv/a', ...none }],
  ['oci:a@b:1', { type: 'oci', path: 'a@b', ...none, tag: '1' }],
  ['oci-archive:a.tar', { type: 'oci-archive', path: 'a.tar', ...none }],
  [`oci-archive:~/a.tar:1@${DIGEST}`, { type: 'oci-archive', path: '~/a.tar', tag: '1', digest: DIGEST }],
  ['docker-archive:a.tar', { type: 'docker-archive', path: 'a.tar', tag: undefined }],
  ['docker-archive:a.tar:web:1', { type: 'docker-archive', path: 'a.tar', tag: 'web:1' }],
  ['docker-archive:a.tar:r:5000/web:1', { type: 'docker-archive', path: 'a.tar', tag: 'r:5000/web:1' }],
  ['deb:kernel', { type: 'deb', name: 'kernel' }],
])('%s', (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
  expect(formatReference(parseReference(text))).toBe(text);
});

test.each([
  ['alpine', 'docker.io/library/alpine:latest'],
  ['alpine:3.19', 'docker.io/library/alpine:3.19'],
  [`alpine@${DIGEST}`, `docker.io/library/alpine@${DIGEST}`],
  [`alpine:3.19@${DIGEST}`, `docker.io/library/alpine:3.19@${DIGEST}`],
  ['docker.io/alpine', 'docker.io/library/alpine:latest'],
  ['index.docker.io/linuxkit/init:abc', 'docker.io/linuxkit/init:abc'],
  ['linuxkit/init:493f0a88', 'docker.io/linuxkit/init:493f0a88'],
  ['a/b/c', 'docker.io/a/b/c:latest'],
  ['localhost/x', 'localhost/x:latest'],
  [`localhost:5000/x@${DIGEST}`, `localhost:5000/x@${DIGEST}`],
  ['127.0.0.1:5000/a/b:1', '127.0.0.1:5000/a/b:1'],
  ['[::1]:5000/a:1', '[::1]:5000/a:1'],
  ['ghcr.io/a/b__c/d.e-f--g:V_1.0-x', 'ghcr.io/a/b__c/d.e-f--g:V_1.0-x'],
  ['GHCR/a', 'GHCR/a:latest'],
  ['k8s.gcr.io/pause:3.9', 'k8s.gcr.io/pause:3.9'],
])('%s is %s of a registry', (text, canonical) => {
  expect(parseReference(text).type).toBe('registry');
  expect(formatReference(parseReference(text))).toBe(canonical);
  expect(parseReference(canonical)).toEqual(parseReference(text));
});

test.each([
  '',
  ' alpine',
  'Alpine',
  'alpine:',
  'alpine:a:b',
  'alpine:-a',
  `alpine:${'a'.repeat(129)}`,
  'alpine@sha256:00',
  `alpine@${DIGEST}@${DIGEST}`,
  'alpine@sha512:00',
  'a//b',
  '/a',
  'a/',
  '-a',
  'a..b',
  'a___b',
  'localhost:port/x',
  'a_b.c/x:1',
  `a/${'b'.repeat(255)}`,
  'oci:',
  'oci::tag',
  'oci:a:b:c',
  'oci:a b',
  '@pkg:../pkg/init',
  'oci:a@sha256:00',
  'oci:a\0b',
  'oci-archive:',
  'oci-archive:a:-',
  'docker-archive:',
  'docker-archive:a.tar:web',
  'docker-archive:a.tar:Web:1',
  `docker-archive:a.tar:web:1@${DIGEST}`,
  'deb:',
  'deb:../x',
])('%j is refused', (text) => {
  let error: unknown;
  try {
    parseReference(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe('COMPONENT_REF_INVALID');
});

const word = stringMatching(/^[a-z0-9]{1,8}$/);
const tag = option(stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { nil: undefined });
const digest = option(
  stringMatching(/^[0-9a-f]{64}$/).map((hex) => Digest.parse(`sha256:${hex}`)),
  { nil: undefined },
);
const path = stringMatching(/^[/~a-zA-Z0-9._-]{1,20}$/);
const reference = oneof(
  record({ type: constantFrom<'oci' | 'oci-archive'>('oci', 'oci-archive'), path, tag, digest }),
  record({
    type: constant<'docker-archive'>('docker-archive'),
    path,
    tag: constantFrom(undefined, 'a:1', 'r.x:5/a:b'),
  }),
  record({ type: constant<'deb'>('deb'), name: word }),
  record({
    type: constant<'registry'>('registry'),
    registry: constantFrom('docker.io', 'localhost:5000', 'r.example', '[::1]:80'),
    repository: array(word, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/')),
    tag,
    digest,
  }).filter((value) => value.tag !== undefined || value.digest !== undefined),
);

test('what is formatted parses to the same', () => {
  assert(
    property(reference, (value) => {
      const parsed = parseReference(formatReference(value));
      expect(parsed).toEqual(value);
    }),
  );
});

test.each([
  ['edge.yml', 'oci/web', 'oci/web'],
  ['a/edge.yml', '../oci/web', 'oci/web'],
  ['a/edge.yml', '../../x', undefined],
  ['edge.yml', '/etc', undefined],
  ['edge.yml', '~/x', undefined],
])('%s may name %s', (file, name, expected) => {
  expect(inRepository(file, name)).toBe(expected);
});
