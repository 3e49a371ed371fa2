import { expect, test } from 'vitest';
import { imageName } from './image-name.ts';

test.each([
  ['alpine', 'docker.io/library/alpine'],
  ['alpine:3.19', 'docker.io/library/alpine:3.19'],
  ['linuxkit/init:abc', 'docker.io/linuxkit/init:abc'],
  ['docker.io/library/alpine:3.19', 'docker.io/library/alpine:3.19'],
  ['localhost/init', 'localhost/init'],
  ['localhost:5000/init', 'localhost:5000/init'],
  ['ghcr.io/init', 'ghcr.io/init'],
  ['a/b/c', 'a/b/c'],
  ['deb:kernel', 'deb:kernel'],
  ['oci:images/web:1', 'oci:images/web:1'],
  ['docker-archive:web.tar', 'docker-archive:web.tar'],
])('%s is %s', (written, name) => {
  expect(imageName(written)).toBe(name);
});
