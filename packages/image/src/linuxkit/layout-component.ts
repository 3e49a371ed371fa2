import { fileState, resolveComponent, type Component, type ResolveOptions } from '@slipway/components';
import { formatReference, parseReference, type Volume } from '@slipway/image-spec';
import { Manifest, openImage, type ImageLocation, type OciImage, type RegistryLocation } from '@slipway/oci';
import { Arch, messageOf, parseArch, SlipwayError, type Digest } from '@slipway/protocol';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { imageName } from './image-name.ts';
import { ociLayout, type Blob, type LayoutRoot } from './layout-tree.ts';

type Options = ResolveOptions;
type Located =
  RegistryLocation | (Extract<ImageLocation, { type: 'oci' | 'oci-archive' }> & { readonly type: 'oci' });

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const invalid = (volume: Volume, why: string) =>
  new SlipwayError('SPEC_INVALID', `volume ${volume.name}: ${why}`, { details: { volume: volume.name } });

const locationOf = async (volume: Volume, options: Options): Promise<Located> => {
  const reference = parseReference(volume.image ?? '');
  if (reference.type === 'registry') return reference;
  if (reference.type === 'oci') return { ...reference, type: 'oci' };
  if (reference.type === 'dockerfile') {
    const component = await resolveComponent(volume.image ?? '', options);
    return { type: 'oci', path: component.dockerfile?.layout ?? '', tag: undefined, digest: undefined };
  }
  throw invalid(
    volume,
    `format oci takes an image of a registry or an OCI layout, found ${formatReference(reference)}; copy it to a layout: oci:PATH`,
  );
};

/** Architectures that are wanted: those of the volume, else that of the build. */
const archesOf = (volume: Volume, arch: Arch): Arch[] =>
  (volume.platforms ?? []).length === 0
    ? [arch]
    : (volume.platforms ?? []).map((platform) => {
        const found = platform.startsWith('linux/') ? parseArch(platform) : undefined;
        if (found !== undefined) return found;
        throw invalid(
          volume,
          `expected platforms of ${Arch.options.map((one) => `linux/${one}`).join(', ')}, found ${platform}`,
        );
      });

/** Where blobs of an image lie as files: those of registries in the cache, once they have been read. */
const blobFolder = (location: Located, { baseDir, cacheDir }: Options): string =>
  join(location.type === 'oci' ? resolve(baseDir, location.path) : cacheDir, 'blobs', 'sha256');

const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);
const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

/** Documents of an image, which were checked against their digests when it was opened. */
const documentsOf = async (image: OciImage, folder: string): Promise<readonly Digest[]> => {
  const file = join(folder, hexOf(image.digest));
  try {
    const { config } = Manifest.parse(JSON.parse(await readFile(file, 'utf8')));
    return [...(image.indexDigest === undefined ? [] : [image.indexDigest]), image.digest, config.digest];
  } catch (error) {
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `${image.ref}: the manifest ${image.digest} cannot be read: ${messageOf(error)}; build again`,
      { cause: error, details: { component: image.ref } },
    );
  }
};

/**
 * The image of a volume of `format: oci` as a component whose tree is an OCI layout, with everything that belongs to the
 * platforms wanted. Nothing is unpacked: blobs stay where they lie.
 *
 * @throws {SlipwayError} SPEC_INVALID, COMPONENT_INVALID, and those of `openImage`
 */
export const layoutComponent = async (volume: Volume, options: Options): Promise<Component> => {
  const location = await locationOf(volume, options);
  const folder = blobFolder(location, options);
  const ref = formatReference(parseReference(volume.image ?? ''));
  const roots = new Map<Digest, LayoutRoot>();
  const blobs = new Map<Digest, Blob>();
  const add = async (digest: Digest): Promise<number> => {
    const file = join(folder, hexOf(digest));
    const info = await stat(file);
    // A layout is not ours; in the cache, times change with every use.
    const asOf = location.type === 'oci' ? { asOf: fileState(info) } : {};
    blobs.set(digest, { hex: hexOf(digest), content: { file, offset: 0, size: info.size, ...asOf } });
    return info.size;
  };
  for (const arch of archesOf(volume, options.arch)) {
    const digest = arch === options.arch ? options.lockedImages?.get(ref) : undefined;
    const image = await openImage(location, { ...options, arch, digest });
    for (const document of await documentsOf(image, folder)) await add(document);
    for (const layer of image.layers) {
      // Reading to the end fetches the layer, and checks it.
      await pipeline(await layer.open(), nowhere());
      await add(layer.digest);
    }
    const root = image.indexDigest ?? image.digest;
    const mediaType = image.indexDigest === undefined ? MANIFEST : INDEX;
    roots.set(root, { mediaType, size: await add(root), digest: root });
  }
  const [digest] = roots.keys();
  const { name } = volume;
  return {
    ref,
    ...(digest === undefined ? {} : { digest }),
    tree: ociLayout(imageName(volume.image ?? ''), [...roots.values()], blobs.values()),
    config: {},
    origins:
      digest === undefined
        ? []
        : [
            {
              type: 'oci',
              name,
              version: digest,
              purl: `pkg:oci/${name}@${encodeURIComponent(digest)}`,
              digest,
            },
          ],
  };
};
