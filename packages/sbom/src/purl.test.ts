import { expect, test } from 'vitest';
import { apkPurl, debPurl, golangPurl, npmPurl, ociPurl } from './purl.ts';

test.each([
  [debPurl({ name: 'libc6', version: '2.41-12', arch: 'amd64' }), 'pkg:deb/debian/libc6@2.41-12?arch=amd64'],
  [
    debPurl({ name: 'g++', version: '4:14.2~1', arch: 'arm64', distro: { id: 'debian', versionId: '13' } }),
    'pkg:deb/debian/g%2B%2B@4:14.2~1?arch=arm64&distro=debian-13',
  ],
  [
    apkPurl({ name: 'a', version: '1-r0', arch: 'x86_64', distro: { id: 'alpine' } }),
    'pkg:apk/alpine/a@1-r0?arch=x86_64&distro=alpine',
  ],
  [npmPurl('@scope/a', '1.0.0'), 'pkg:npm/%40scope/a@1.0.0'],
  [golangPurl('github.com/A/b', 'v1.0.0+incompatible'), 'pkg:golang/github.com/a/b@v1.0.0%2Bincompatible'],
  [ociPurl({ name: 'layouts/Web', digest: 'sha256:12' }), 'pkg:oci/web@sha256:12'],
  [
    ociPurl({ name: 'runc', digest: 'sha256:12', repository: 'localhost:5000/linuxkit/runc', tag: 'v1' }),
    'pkg:oci/runc@sha256:12?repository_url=localhost:5000/linuxkit/runc&tag=v1',
  ],
])('%s', (made, expected) => {
  expect(made).toBe(expected);
});
