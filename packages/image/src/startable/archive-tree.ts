import {
  createLayeredTree,
  layerEntries,
  type LayerSource,
  type Tree,
  type TarEntry,
} from '@slipway/components';
import { openImage, type ImageLocation } from '@slipway/oci';
import { Arch, codeOf, hostArch } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** What was built may hold any device node: what decides is the image file, not whoever starts the image. */
const devicesOf = (entries: readonly TarEntry[]): ReadonlySet<string> =>
  new Set(
    entries.flatMap(({ type, name }) =>
      type === 'char' || type === 'block' ? [name.replace(/^(?:\.?\/)+/, '')] : [],
    ),
  );

const readTree = async (layers: readonly LayerSource[], source: string, cacheDir: string): Promise<Tree> => {
  const tree = createLayeredTree();
  for (const layer of layers) {
    const entries = await layerEntries(layer, cacheDir);
    tree.apply(entries, {
      source,
      whiteouts: layers.length > 1,
      keepDirectorySymlinks: false,
      deviceNodes: devicesOf(entries),
    });
  }
  return tree.toTree();
};

/**
 * The files of `tar`.
 *
 * @param cacheDir where their contents are kept
 * @throws {SlipwayError} COMPONENT_INVALID, LAYER_UNSAFE
 */
export const tarTree = (path: string, cacheDir: string): Promise<Tree> => {
  const key = createHash('sha256').update(path).digest('hex');
  const open = () => Promise.resolve(createReadStream(path));
  return readTree([{ diffId: undefined, key, compression: 'none', open, ref: path }], path, cacheDir);
};

export type ContainerArchive = {
  readonly type: 'oci-archive' | 'docker-archive';
  readonly path: string;
};

const locationOf = ({ type, path }: ContainerArchive): ImageLocation =>
  type === 'docker-archive'
    ? { type, path, tag: undefined }
    : { type, path, tag: undefined, digest: undefined };

/** An image for this architecture; else for that of this machine, or any. */
const openAny = async (archive: ContainerArchive, cacheDir: string, arch: Arch | undefined) => {
  const location = locationOf(archive);
  const here = hostArch(process.arch);
  const others = Arch.options.filter((one) => one !== here);
  let refused: unknown;
  for (const one of arch === undefined ? [here, ...others] : [arch])
    try {
      return await openImage(location, { arch: one, baseDir: '/', cacheDir });
    } catch (error) {
      if (codeOf(error) !== 'COMPONENT_NOT_FOUND') throw error;
      refused ??= error;
    }
  throw refused;
};

/**
 * The files of a container image.
 *
 * @param arch absent: whichever there is, that of this machine first
 * @param cacheDir where their contents are kept
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID, LAYER_UNSAFE
 */
export const containerTree = async (
  archive: ContainerArchive,
  cacheDir: string,
  arch?: Arch,
): Promise<Tree> => {
  const { path } = archive;
  const image = await openAny(archive, cacheDir, arch);
  const layers = image.layers.map(({ diffId, compression, open }) => ({
    diffId,
    key: diffId.slice('sha256:'.length),
    compression,
    open,
    ref: path,
  }));
  return readTree(layers, path, cacheDir);
};
