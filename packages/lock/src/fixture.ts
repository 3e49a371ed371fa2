import type { PackageSet } from '@slipway/image-spec';
import { Digest } from '@slipway/protocol';
import { declaredDigest } from './declared.ts';
import type { Lock } from './lock-file.ts';

/** Digests that tell apart at a glance. */
export const digest = (digit: string): Digest => Digest.parse(`sha256:${digit.repeat(64)}`);

export const BASE: PackageSet = { install: ['busybox'], dependencies: 'full' };

/** A lock of one image and one set, for one architecture. */
export const lockOf = (version = '1.0-1', image = '1'): Lock => ({
  v: 1,
  images: { 'docker.io/linuxkit/init:v1': { digest: digest('0'), platforms: { amd64: digest(image) } } },
  debian: {
    amd64: {
      base: {
        declared: declaredDigest(BASE),
        sources: [
          {
            uri: 'http://deb.debian.org/debian',
            suites: { trixie: '20261101T000000Z' },
            components: ['main'],
            fallback: 'https://snapshot.debian.org/archive/debian/20261101T000000Z',
          },
        ],
        packages: [
          {
            name: 'busybox',
            version,
            arch: 'amd64',
            digest: digest('b'),
            size: 9,
            url: `http://deb.debian.org/debian/pool/main/b/busybox/busybox_${version}_amd64.deb`,
          },
        ],
      },
    },
  },
  npm: {},
});

export const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
};
