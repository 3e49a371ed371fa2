import * as fc from 'fast-check';
import { Digest } from '@slipway/protocol';
import type { FoundPackage } from '../found-package.ts';
import { debPurl, golangPurl, npmPurl } from '../purl.ts';
import type { Sbom } from '../sbom.ts';

const digest = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 64, maxLength: 64 })
  .map((hex) => Digest.parse(`sha256:${hex}`));

/** Names as they stand in real files, and anything else that a hostile one may have. */
const license = fc.oneof(
  fc.constantFrom(
    'MIT',
    'GPL-2.0-or-later',
    'GPL-2.0+',
    'MIT OR GPL-2.0-only',
    'ISC AND (MIT OR Zlib)',
    'LicenseRef-public-domain',
    'GPL-2.0-only WITH Linux-syscall-note',
    'custom',
    'custom licence',
    'NOASSERTION',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

const word = fc.stringMatching(/^[a-z][a-z0-9+.-]{1,8}$/);
const version = fc.stringMatching(/^[0-9][A-Za-z0-9.+~-]{0,8}$/);

const found = fc
  .record({
    kind: fc.constantFrom('deb', 'npm', 'golang'),
    name: word,
    version,
    licenses: fc.array(license, { maxLength: 4 }),
    digest: fc.option(digest, { nil: undefined }),
    source: fc.option(fc.record({ name: word, version }), { nil: undefined }),
    supplier: fc.option(
      fc.oneof(fc.constantFrom('A B <a@b.example>', 'Organization'), fc.string({ unit: 'binary' })),
      {
        nil: undefined,
      },
    ),
    foundIn: fc.option(word, { nil: undefined }),
  })
  .map(({ kind, digest: known, source, supplier, foundIn, ...item }): FoundPackage => ({
    ...item,
    type: kind,
    purl:
      kind === 'deb'
        ? debPurl({ ...item, arch: 'amd64' })
        : kind === 'npm'
          ? npmPurl(item.name, item.version)
          : golangPurl(item.name, item.version),
    ...(known === undefined ? {} : { digest: known }),
    ...(source === undefined ? {} : { source }),
    ...(supplier === undefined ? {} : { supplier }),
    ...(foundIn === undefined ? {} : { foundIn }),
  }));

export const arbitrarySbom: fc.Arbitrary<Sbom> = fc
  .record({
    name: word,
    version,
    time: fc.nat(4_000_000_000),
    components: fc.uniqueArray(
      fc.record({
        ref: fc.oneof(
          word.map((name) => `docker.io/library/${name}:1`),
          word.map((name) => `oci:layouts/${name}`),
          word.map((name) => `deb:${name}`),
        ),
        digest: fc.option(digest, { nil: undefined }),
        licenses: fc.array(license, { maxLength: 2 }),
        packages: fc.array(found, { maxLength: 5 }),
      }),
      { selector: ({ ref }) => ref, maxLength: 4 },
    ),
  })
  .map(({ name, version: number, time, components }) => ({
    subject: { name, version: number, arch: 'arm64' as const },
    time,
    components: components.map(({ digest: known, ...component }) => ({
      ...component,
      ...(known === undefined ? {} : { digest: known }),
    })),
  }));
