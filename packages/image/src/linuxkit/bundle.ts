import type { Component, TreeEntry } from '@slipway/components';
import {
  CONFIG_LABEL,
  mergeContainer,
  type Container,
  type ImageFile,
  type Mount,
} from '@slipway/image-spec';
import { containerSpec } from './container-spec.ts';
import { directory, file, type Origin } from './generated.ts';
import { encodeGoJson } from './go-json.ts';
import { imageName } from './image-name.ts';
import { imageTree } from './image-tree.ts';
import { runtimeFile } from './runtime-file.ts';
import { withVolumePaths } from './volumes.ts';

export const SECTIONS = ['onboot', 'onshutdown', 'services'] as const;
export type Section = (typeof SECTIONS)[number];

export type BundleContext = {
  readonly spec: Pick<ImageFile, 'volumes'>;
  readonly users: ReadonlyMap<string, number>;
  /** where the files of images already are, by the images' names; entries are added */
  readonly roots: Map<string, string>;
};

/** Mounts that make the root of a container; `runc` wants it to be a mount point in any case. */
const rootMounts = (bundle: string, root: string, isReadonly: boolean): Mount[] => {
  const rootfs = `/${bundle}/rootfs`;
  const tmp = `/${bundle}/tmp`;
  if (isReadonly) return [{ destination: rootfs, source: `/${root}`, options: ['bind'] }];
  return [
    { destination: tmp, type: 'tmpfs', source: 'tmpfs' },
    // Nothing else may see the layers.
    { destination: tmp, options: ['remount', 'private'] },
    {
      destination: rootfs,
      type: 'overlay',
      source: 'overlay',
      options: [`lowerdir=/${root}`, `upperdir=${tmp}/upper`, `workdir=${tmp}/work`],
    },
  ];
};

/**
 * The bundle of a container: `config.json`, `runtime.json` and its root, which is `rootfs` for a read-only one, else an
 * overlay over `lower`. The files of an image that is used before are not written again.
 *
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID
 */
export const bundleEntries = (
  section: Section,
  index: number,
  own: Container,
  component: Component,
  { spec, users, roots }: BundleContext,
): TreeEntry[] => {
  const where = `${section}[${index}]`;
  const origin: Origin = { source: imageName(own.image), location: where };
  const merged = mergeContainer(own, component.config.Labels?.[CONFIG_LABEL]);
  const container = withVolumePaths(merged, spec, where);
  const name = section === 'services' ? own.name : `${String(index).padStart(3, '0')}-${own.name}`;
  const bundle = `containers/${section}/${name}`;
  const isReadonly = container.readonly === true;
  const ownRoot = `${bundle}/${isReadonly ? 'rootfs' : 'lower'}`;
  const known = roots.get(origin.source);
  const root = known ?? ownRoot;
  roots.set(origin.source, root);
  const config = containerSpec({ container, config: component.config, users, where });
  const runtime = runtimeFile(container.runtime, rootMounts(bundle, root, isReadonly));
  return [
    directory('containers', origin),
    directory(`containers/${section}`, origin),
    directory(bundle, origin),
    ...(known === undefined
      ? [directory(ownRoot, origin), ...imageTree(component.tree, { ...origin, prefix: ownRoot })]
      : []),
    ...(isReadonly ? [] : [directory(`${bundle}/tmp`, origin)]),
    ...(isReadonly && known === undefined ? [] : [directory(`${bundle}/rootfs`, origin)]),
    file(`${bundle}/config.json`, encodeGoJson(config), origin),
    file(`${bundle}/runtime.json`, encodeGoJson(runtime), origin),
  ];
};
