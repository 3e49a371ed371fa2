import {
  createLayeredTree,
  layerEntries,
  type LayerSource,
  type Tree,
  type TarEntry,
} from '@slipway/components';
import { openImage } from '@slipway/oci';
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

/** An image for this architecture; else for that of this machine, or any. */
const openAny = async (path: string, cacheDir: string, arch: Arch | undefined) => {
  const location = { type: 'oci-archive', path, tag: undefined, digest: undefined } as const;
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
 * The files of `oci` and `docker`.
 *
 * @param arch absent: whichever there is, that of this machine first
 * @param cacheDir where their contents are kept
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID, LAYER_UNSAFE
 */
export const containerTree = async (path: string, cacheDir: string, arch?: Arch): Promise<Tree> => {
  const image = await openAny(path, cacheDir, arch);
  const layers = image.layers.map(({ diffId, compression, open }) => ({
    diffId,
    key: diffId.slice('sha256:'.length),
    compression,
    open,
    ref: path,
  }));
  return readTree(layers, path, cacheDir);
};
