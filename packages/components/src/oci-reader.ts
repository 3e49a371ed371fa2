import { messageOf, SlipwayError, type Arch } from '@slipway/protocol';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Component, ResolveOptions } from './component.ts';
import { createLayeredTree } from './layered-tree.ts';
import type { OciConfig } from './oci-config.ts';
import { parseJson, readBlob, readLayer } from './oci-blobs.ts';
import {
  ImageConfig,
  Index,
  INDEX_TYPES,
  Manifest,
  MANIFEST_TYPES,
  REF_NAME,
  VERSION_LABEL,
  type Descriptor,
} from './oci-schema.ts';
import { Origin, ORIGINS_LABEL } from './origin.ts';
import { decodeTar } from './tar-reader.ts';

const MAX_NESTING = 4;

const isIndex = ({ mediaType }: Descriptor): boolean => INDEX_TYPES.some((type) => type === mediaType);
const isManifest = ({ mediaType }: Descriptor): boolean => MANIFEST_TYPES.some((type) => type === mediaType);

const readIndex = async (layout: string, ref: string): Promise<Descriptor[]> => {
  const bytes = await readFile(join(layout, 'index.json')).catch((error: unknown) => {
    throw new SlipwayError(
      'COMPONENT_NOT_FOUND',
      `${ref}: there is no OCI layout at ${layout}: ${messageOf(error)}; pack or copy the component there`,
      { cause: error, details: { component: ref } },
    );
  });
  return parseJson(bytes, Index, `${ref}: index.json`).manifests;
};

const byTag = (descriptors: readonly Descriptor[], tag: string | undefined, ref: string): Descriptor => {
  const nameOf = (descriptor: Descriptor): string | undefined => descriptor.annotations?.[REF_NAME];
  const [only] = descriptors;
  const found =
    tag === undefined
      ? descriptors.length === 1
        ? only
        : descriptors.find((descriptor) => nameOf(descriptor) === 'latest')
      : descriptors.find((descriptor) => nameOf(descriptor) === tag);
  if (found !== undefined) return found;
  const tags = descriptors.map(nameOf).filter((name) => name !== undefined);
  throw new SlipwayError(
    'COMPONENT_NOT_FOUND',
    `${ref}: ${tag === undefined ? 'the layout has several images; name a tag' : `there is no tag ${tag}`}; ` +
      `tags there: ${tags.join(', ') || 'none'}`,
    { details: { component: ref, tags } },
  );
};

/** Goes down through indexes to the manifest for the architecture. */
const findManifest = async (
  layout: string,
  from: Descriptor,
  arch: Arch,
  ref: string,
): Promise<Descriptor> => {
  let descriptor = from;
  for (let depth = 0; depth < MAX_NESTING; depth++) {
    if (isManifest(descriptor)) return descriptor;
    if (!isIndex(descriptor)) break;
    const index = parseJson(await readBlob(layout, descriptor, ref), Index, `${ref}: ${descriptor.digest}`);
    const next = index.manifests.find(
      ({ platform }) => platform?.os === 'linux' && platform.architecture === arch,
    );
    if (next === undefined) {
      const platforms = index.manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
      throw new SlipwayError(
        'COMPONENT_NOT_FOUND',
        `${ref}: there is no image for linux/${arch}; there are ${platforms.join(', ') || 'none'}`,
        { details: { component: ref, arch, platforms } },
      );
    }
    descriptor = next;
  }
  throw new SlipwayError(
    'COMPONENT_INVALID',
    `${ref}: ${descriptor.mediaType} is neither a manifest nor an index`,
    {
      details: { component: ref },
    },
  );
};

/** Reads an image of an OCI layout on disk; every blob is checked against its digest before it is used. */
export const readOciComponent = async (
  reference: { readonly path: string; readonly tag: string | undefined },
  options: ResolveOptions,
): Promise<Component> => {
  const { arch } = options;
  const ref = `oci:${reference.path}${reference.tag === undefined ? '' : `:${reference.tag}`}`;
  const layout = join(options.baseDir, reference.path);
  const descriptor = await findManifest(
    layout,
    byTag(await readIndex(layout, ref), reference.tag, ref),
    arch,
    ref,
  );
  const manifest = parseJson(await readBlob(layout, descriptor, ref), Manifest, `${ref}: manifest`);
  const image = parseJson(await readBlob(layout, manifest.config, ref), ImageConfig, `${ref}: config`);
  if (image.architecture !== arch)
    throw new SlipwayError(
      'COMPONENT_NOT_FOUND',
      `${ref}: expected an image for ${arch}, found one for ${image.architecture}`,
      { details: { component: ref, arch } },
    );
  if (image.rootfs.diff_ids.length !== manifest.layers.length)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `${ref}: manifest and config differ in the number of layers`,
      {
        details: { component: ref },
      },
    );
  const config: OciConfig = image.config ?? {};
  const name = basename(reference.path);
  const version = config.Labels?.[VERSION_LABEL] ?? reference.tag ?? descriptor.digest.slice(7, 19);
  const tree = createLayeredTree();
  for (const [index, layer] of manifest.layers.entries()) {
    const tar = await readLayer(layout, layer, image.rootfs.diff_ids[index] ?? '', ref);
    tree.apply(decodeTar(tar, ref), { source: ref, whiteouts: true, keepDirectorySymlinks: false });
  }
  const packed = config.Labels?.[ORIGINS_LABEL];
  const inner =
    packed === undefined
      ? []
      : parseJson(new TextEncoder().encode(packed), z.array(Origin), `${ref}: label ${ORIGINS_LABEL}`);
  const purl = (digest: string): string =>
    `pkg:oci/${encodeURIComponent(name)}@${encodeURIComponent(digest)}?arch=${arch}`;
  return {
    ref,
    tree: tree.toTree(),
    config,
    origins: [
      { type: 'oci', name, version, purl: purl(descriptor.digest), digest: descriptor.digest },
      ...manifest.layers.map(({ digest }, index) => ({
        type: 'oci' as const,
        name: `${name}/layer-${index}`,
        version,
        purl: purl(digest),
        digest,
      })),
      ...inner,
    ],
  };
};
