import { expect, test } from 'vitest';
import { ociLayout } from './layout-tree.ts';
import { build } from './testing/build.ts';
import { expectedListing, listingOf, textAt } from './testing/listing.ts';

const HEX = 'ab'.repeat(32);
const layout = ociLayout(
  'docker.io/library/alpine:3',
  [{ mediaType: 'application/vnd.oci.image.index.v1+json', size: 3, digest: `sha256:${HEX}` }],
  [{ hex: HEX, content: new TextEncoder().encode('{ }') }],
);

test('the layout is what LinuxKit writes, to the byte', () => {
  expect(textAt(layout, 'oci-layout')).toBe('{\n\t\t"imageLayoutVersion": "1.0.0"\n\t}');
  expect(textAt(layout, 'index.json')).toBe(`{
   "schemaVersion": 2,
   "mediaType": "application/vnd.oci.image.index.v1+json",
   "manifests": [
      {
         "mediaType": "application/vnd.oci.image.index.v1+json",
         "size": 3,
         "digest": "sha256:${HEX}",
         "annotations": {
            "org.opencontainers.image.ref.name": "docker.io/library/alpine:3"
         }
      }
   ]
}`);
});

test('a volume of format oci holds the image itself, and nothing that LinuxKit ensures elsewhere', async () => {
  const tree = await build('volumes: [{ name: images, image: "alpine:3", format: oci, readonly: true }]', {
    images: { 'alpine:3': { files: layout } },
  });
  expect(listingOf(tree)).toEqual(
    expectedListing(`
      d 755 0:0 K containers
      d 755 0:0 K containers/volumes
      in containers/volumes/images:
      d 755 0:0 K lower
      d 755 0:0 K merged
      # LinuxKit gives these no time
      d 755 0:0 0 lower/blobs
      d 755 0:0 0 lower/blobs/sha256
      f 644 0:0 0 lower/blobs/sha256/${HEX} 3
      f 644 0:0 0 lower/index.json 418
      f 644 0:0 0 lower/oci-layout 36
      in .:
      d 755 0:0 K containers/volumes/images
    `),
  );
  expect(tree.get('containers/volumes/images/lower/oci-layout')).toMatchObject({
    source: 'docker.io/library/alpine:3',
    location: 'volume[0]',
  });
});

test('an image that is no layout yet is not taken for one', async () => {
  await expect(build('volumes: [{ name: images, image: "alpine:3", format: oci }]')).rejects.toMatchObject({
    code: 'INTERNAL',
  });
});
