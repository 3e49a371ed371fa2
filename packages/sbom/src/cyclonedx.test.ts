import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeCycloneDx } from './cyclonedx.ts';
import { arbitrarySbom } from './testing/arbitrary-sbom.ts';
import { LIBC, SAMPLE } from './testing/sample-sbom.ts';

/** The schema that the standard publishes, with every unknown key refused. */
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

test('the sample says what the standard has fields for', async () => {
  const text = makeCycloneDx(SAMPLE);
  expect(await validator.validate(text)).toBeNull();
  expect(JSON.parse(text)).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-/) as unknown,
    metadata: {
      timestamp: '2023-11-14T22:13:20.000Z',
      tools: { components: [{ name: 'slipway', version: '0.1.0' }] },
      component: {
        type: 'operating-system',
        'bom-ref': 'edge@1.2.3',
        name: 'edge',
        version: '1.2.3',
        properties: [
          { name: 'slipway:release', value: 'rel_0000000000000000' },
          { name: 'slipway:arch', value: 'amd64' },
        ],
      },
    },
    components: expect.arrayContaining([
      expect.objectContaining({
        type: 'container',
        name: 'docker.io/linuxkit/init:v1',
        version: 'v1',
        licenses: [{ license: { id: 'Apache-2.0' } }],
        hashes: [{ alg: 'SHA-256', content: '2'.repeat(64) }],
      }),
      expect.objectContaining({
        type: 'library',
        name: 'libc6',
        version: '2.41-12',
        purl: LIBC.purl,
        supplier: { name: 'GNU Libc Maintainers', contact: [{ email: 'debian-glibc@lists.debian.org' }] },
        // One of them is a mere name, so that they cannot be one expression.
        licenses: [
          { license: { name: 'BSD-like Spencer' } },
          { license: { name: 'GPL-2.0-only WITH Linux-syscall-note' } },
          { license: { id: 'LGPL-2.1-or-later' } },
        ],
        properties: [
          { name: 'slipway:source-name', value: 'glibc' },
          { name: 'slipway:source-version', value: '2.41-12' },
          { name: 'slipway:license-file', value: 'usr/share/doc/libc6/copyright' },
        ],
        evidence: { occurrences: [{ location: 'var/lib/dpkg/status' }] },
      }),
      expect.objectContaining({
        name: '@scope/zod',
        licenses: [{ expression: 'LicenseRef-public-domain AND (MIT OR Apache-2.0)' }],
      }),
    ]) as unknown,
    dependencies: [
      {
        ref: 'edge@1.2.3',
        dependsOn: [
          'component:deb:system',
          'component:docker.io/linuxkit/init:v1',
          'component:oci:layouts/empty',
          'component:oci:layouts/web',
        ],
      },
      { ref: 'component:deb:system', dependsOn: [`${LIBC.purl}#${'1'.repeat(16)}`] },
      { ref: 'component:docker.io/linuxkit/init:v1', dependsOn: expect.arrayContaining([]) as unknown },
      { ref: 'component:oci:layouts/empty', dependsOn: [] },
      { ref: 'component:oci:layouts/web', dependsOn: expect.arrayContaining([]) as unknown },
    ],
  });
});

test('the order in which things were found does not show', () => {
  const turned = {
    ...SAMPLE,
    components: SAMPLE.components
      .map((component) => ({ ...component, packages: component.packages.toReversed() }))
      .reverse(),
  };
  expect(makeCycloneDx(turned)).toBe(makeCycloneDx(SAMPLE));
});

test('another content has another serial number', () => {
  const serial = (text: string) => /"serialNumber": "(.*)"/.exec(text)?.[1];
  const other = { ...SAMPLE, components: SAMPLE.components.slice(1) };
  expect(serial(makeCycloneDx(other))).not.toBe(serial(makeCycloneDx(SAMPLE)));
});

test('whatever an image holds, the document is valid', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySbom, async (sbom) => {
      expect(await validator.validate(makeCycloneDx(sbom))).toBeNull();
    }),
    { numRuns: 40 },
  );
});
