import type { Component, TreeEntry } from '@slipway/components';
import type { Container, ImageFile, Volume } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { directory } from './generated.ts';
import { imageName } from './image-name.ts';
import { imageTree } from './image-tree.ts';
import { layoutTree } from './layout-tree.ts';

const BASE = 'containers/volumes';
const SOURCE = 'linuxkit.volumes';

/**
 * The folders of a volume: `lower` holds what its image brings, `merged` is where containers find it, and `tmp` is there
 * for the overlay of one that can be written.
 *
 * @param component for `format: oci`, its tree is that of an OCI layout
 * @param resolvConf as in the root, for LinuxKit treats volumes like `init`
 */
export const volumeEntries = (
  volume: Volume,
  index: number,
  component: Component | undefined,
  resolvConf: string,
): TreeEntry[] => {
  const location = `volume[${index}]`;
  const base = `${BASE}/${volume.name}`;
  const lower = `${base}/lower`;
  const image = volume.image === undefined || volume.image === '' ? undefined : imageName(volume.image);
  const parents = { source: image ?? 'empty', location };
  const generated = { source: SOURCE, location };
  const content = (): TreeEntry[] => {
    if (component === undefined || image === undefined) return [];
    const options = { source: image, location, prefix: lower };
    if (volume.format === 'oci' && !component.tree.has('oci-layout'))
      throw new SlipwayError('INTERNAL', `${location}: expected an OCI layout, found the files of ${image}`);
    return volume.format === 'oci'
      ? layoutTree(component.tree, options)
      : imageTree(component.tree, { ...options, resolvConf });
  };
  return [
    ...['containers', BASE, base, lower].map((path) => directory(path, parents)),
    ...content(),
    ...(volume.readonly === true ? [] : [directory(`${base}/tmp`, generated)]),
    directory(`${base}/merged`, generated),
  ];
};

const assertReadOnly = (volume: Volume, options: readonly string[], where: string): void => {
  if (volume.readonly !== true || options.find((option) => option === 'rw' || option === 'ro') === 'ro')
    return;
  throw new SlipwayError(
    'SPEC_INVALID',
    `${where}: the volume ${volume.name} is readonly, so it can only be bound with the option ro; found ${options.join(',') || 'no options'}`,
    { details: { key: where, volume: volume.name } },
  );
};

/**
 * Replaces names of volumes by where the volumes are, in `binds` and in bind mounts. LinuxKit looks at `mounts` too but
 * forgets to write down what it found. Names that no volume has were refused where the image file was read; those of a
 * label are paths relative to the container's bundle.
 *
 * @throws {SlipwayError} SPEC_INVALID for writing to a read-only volume
 */
export const withVolumePaths = (
  container: Container,
  { volumes }: Pick<ImageFile, 'volumes'>,
  where: string,
): Container => {
  const pathOf = (name: string, options: readonly string[], at: string): string => {
    const volume = volumes.find((one) => one.name === name);
    if (volume === undefined) return name;
    assertReadOnly(volume, options, at);
    return `/${BASE}/${volume.name}/merged`;
  };
  const result = { ...container };
  if (container.binds !== undefined)
    result.binds = container.binds.map((text, index) => {
      const [source = '', ...rest] = text.split(':');
      const options = rest[1]?.split(',') ?? [];
      return [pathOf(source, options, `${where}.binds[${index}]`), ...rest].join(':');
    });
  if (container.mounts !== undefined)
    result.mounts = container.mounts.map((mount, index) =>
      mount.type === 'bind'
        ? {
            ...mount,
            source: pathOf(mount.source ?? '', mount.options ?? [], `${where}.mounts[${index}].source`),
          }
        : mount,
    );
  return result;
};
