import { Digest } from '@slipway/protocol';
import type { FoundPackage } from '../found-package.ts';
import type { Sbom } from '../sbom.ts';

export const digestOf = (digit: string): Digest => Digest.parse(`sha256:${digit.repeat(64)}`);

export const LIBC: FoundPackage = {
  type: 'deb',
  name: 'libc6',
  version: '2.41-12',
  purl: 'pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13',
  licenses: ['LGPL-2.1-or-later', 'GPL-2.0-only WITH Linux-syscall-note', 'BSD-like Spencer'],
  digest: digestOf('1'),
  source: { name: 'glibc', version: '2.41-12' },
  supplier: 'GNU Libc Maintainers <debian-glibc@lists.debian.org>',
  foundIn: 'var/lib/dpkg/status',
  licenseFiles: ['usr/share/doc/libc6/copyright'],
};

export const MUSL: FoundPackage = {
  type: 'apk',
  name: 'musl',
  version: '1.2.5-r0',
  purl: 'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3',
  licenses: ['MIT'],
  source: { name: 'musl', version: '1.2.5-r0', commit: 'a'.repeat(40) },
  supplier: 'Timo',
  foundIn: 'lib/apk/db/installed',
};

export const ZOD: FoundPackage = {
  type: 'npm',
  name: '@scope/zod',
  version: '4.0.0',
  purl: 'pkg:npm/%40scope/zod@4.0.0',
  licenses: ['MIT OR Apache-2.0', 'LicenseRef-public-domain'],
  foundIn: 'app/node_modules/@scope/zod/package.json',
};

export const NET: FoundPackage = {
  type: 'golang',
  name: 'golang.org/x/net',
  version: 'v0.30.0',
  purl: 'pkg:golang/golang.org/x/net@v0.30.0',
  licenses: [],
  foundIn: 'usr/bin/init',
};

/** An image with a package of every kind, one of them in two components. */
export const SAMPLE: Sbom = {
  subject: { name: 'edge', version: '1.2.3', arch: 'amd64', release: 'rel_0000000000000000' },
  time: 1_700_000_000,
  toolVersion: '0.1.0',
  components: [
    {
      ref: 'docker.io/linuxkit/init:v1',
      version: 'v1',
      purl: `pkg:oci/init@sha256:${'2'.repeat(64)}?repository_url=docker.io/linuxkit/init&tag=v1`,
      digest: digestOf('2'),
      licenses: ['Apache-2.0'],
      packages: [NET, MUSL],
    },
    { ref: 'oci:layouts/web', packages: [ZOD, NET] },
    { ref: 'deb:system', packages: [LIBC] },
    { ref: 'oci:layouts/empty', packages: [] },
  ],
};
