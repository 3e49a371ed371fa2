import type { Origin } from '@slipway/components';
import type { Arch, BuildRequest } from '@slipway/protocol';
import { uuidOf } from './uuid.ts';

const KIND = { deb: 'library', npm: 'application', oci: 'container' } as const;

/** SPDX identifiers and expressions are told apart from names that only a distribution knows. */
const license = (name: string) =>
  /^[A-Za-z0-9][A-Za-z0-9.+-]*-\d[A-Za-z0-9.+-]*$/.test(name)
    ? { license: { id: name } }
    : { license: { name } };

/** Each origin once, in an order of its own: the same inputs give the same list. */
export const distinctOrigins = (origins: readonly Origin[]): Origin[] => {
  const byKey = new Map(origins.map((origin) => [`${origin.purl}\n${origin.digest}`, origin]));
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, origin]) => origin);
};

/**
 * The list of everything that went into an image.
 *
 * @see CycloneDX 1.6
 */
export const makeSbom = (request: BuildRequest, arch: Arch, origins: readonly Origin[]): string => {
  const { deviceClass, version, release, timeFloor } = request;
  const components = origins.map((origin) => ({
    type: KIND[origin.type],
    'bom-ref': `${origin.purl}#${origin.digest.slice('sha256:'.length, 'sha256:'.length + 16)}`,
    name: origin.name,
    version: origin.version,
    hashes: [{ alg: 'SHA-256', content: origin.digest.slice('sha256:'.length) }],
    ...(origin.licenses === undefined || origin.licenses.length === 0
      ? {}
      : { licenses: origin.licenses.map(license) }),
    purl: origin.purl,
  }));
  const subject = `${deviceClass}@${version}`;
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(`sbom ${release} ${JSON.stringify(components)}`)}`,
    version: 1,
    metadata: {
      timestamp: new Date(timeFloor * 1000).toISOString(),
      tools: { components: [{ type: 'application', name: 'slipway' }] },
      component: {
        type: 'operating-system',
        'bom-ref': subject,
        name: deviceClass,
        version,
        properties: [
          { name: 'slipway:release', value: release },
          { name: 'slipway:arch', value: arch },
        ],
      },
    },
    components,
    dependencies: [{ ref: subject, dependsOn: components.map((component) => component['bom-ref']) }],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
};
