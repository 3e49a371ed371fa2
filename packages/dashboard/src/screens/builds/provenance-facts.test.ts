import { expect, test } from 'vitest';
import { kindOfDependency, parseStatement } from './provenance-facts.ts';

test.each([
  ['pkg:deb/debian/libc6@2.41?arch=amd64', 'Debian packages'],
  ['pkg:oci/web@sha256:00', 'OCI images'],
  ['pkg:cargo/x@1', 'cargo packages'],
  ['git+https://example.org/x', 'files'],
  [undefined, 'files'],
])('%s is one of the %s', (uri, kind) => {
  expect(kindOfDependency(uri)).toBe(kind);
});

test('a statement without what may be left out is read', () => {
  const read = parseStatement(
    JSON.stringify({
      predicateType: 'https://slsa.dev/provenance/v1',
      subject: [{ name: 'root.img', digest: { sha256: '00' } }],
      predicate: {
        buildDefinition: { buildType: 'urn:x' },
        runDetails: { builder: { id: 'urn:slipway:builder:server' } },
      },
    }),
  );
  expect(read.predicate.buildDefinition.resolvedDependencies).toEqual([]);
  expect(() => parseStatement('{}')).toThrow(/predicateType/);
});
