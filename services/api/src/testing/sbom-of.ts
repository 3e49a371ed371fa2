import { debPurl, makeCycloneDx } from '@slipway/sbom';

/** The list of an image of Debian with one package, as the builder writes it. */
export const sbomOf = (name: string, version: string, source = name): string =>
  makeCycloneDx({
    subject: { name: 'edge-test', version: '1' },
    time: 0,
    components: [
      {
        ref: 'deb:system',
        packages: [
          {
            type: 'deb',
            name,
            version,
            purl: debPurl({ name, version, arch: 'amd64' }),
            licenses: [],
            source: { name: source, version },
          },
        ],
      },
    ],
  });
