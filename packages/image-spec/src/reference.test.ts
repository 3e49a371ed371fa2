import { codeOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { formatReference, inRepository, parseReference } from './reference.ts';

test.each([
  ['oci:a/b', { type: 'oci', path: 'a/b', tag: undefined }],
  ['oci:../a:1.0-x', { type: 'oci', path: '../a', tag: '1.0-x' }],
  ['deb:kernel', { type: 'deb', name: 'kernel' }],
])('%s', (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
  expect(formatReference(parseReference(text))).toBe(text);
});

test.each([
  '',
  'alpine',
  'docker.io/x:1',
  'oci:',
  'oci:/etc',
  'oci:a:b:c',
  'oci:a b',
  'deb:',
  'deb:../x',
  'oci:a\0b',
])('%j is refused', (text) => {
  let error: unknown;
  try {
    parseReference(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe('COMPONENT_REF_INVALID');
});

test.each([
  ['edge.yml', 'oci/web', 'oci/web'],
  ['a/edge.yml', '../oci/web', 'oci/web'],
  ['a/edge.yml', '../../x', undefined],
  ['edge.yml', '/etc', undefined],
])('%s may name %s', (file, path, expected) => {
  expect(inRepository(file, path)).toBe(expected);
});
