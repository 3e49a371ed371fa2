import { codeOf, SlipwayError } from '@slipway/protocol';
import { openImage, VERSION_LABEL, type ImageLocation, type OciConfig, type OciImage } from '@slipway/oci';
import { ociPurl } from '@slipway/sbom';
import { formatReference } from '@slipway/image-spec';
import { basename } from 'node:path';
import { z } from 'zod';
import type { Component, ResolveOptions } from './component.ts';
import { forgetLayer, layerEntries } from './layer-store.ts';
import { createLayeredTree } from './layered-tree.ts';
import { Origin, ORIGINS_LABEL } from './origin.ts';
import { sideBySide } from './side-by-side.ts';
import type { TarEntry } from './tar-reader.ts';
import type { Layer } from './tree.ts';

/** Layers fetched and unpacked at a time. */
const PARALLEL = 4;

const keyOf = (digest: string): string => digest.slice('sha256:'.length);

/** Commands that made a layer may be whole scripts. */
const MAX_CREATED_BY = 200;

const layerOf = ({ layers, config }: OciImage, index: number): Layer | undefined => {
  const digest = layers[index]?.digest;
  if (digest === undefined) return undefined;
  const steps = (config.history ?? []).filter(({ empty_layer: isEmpty }) => isEmpty !== true);
  // An image whose history is of another number of layers tells nothing of any.
  const text = steps.length === layers.length ? (steps[index]?.created_by ?? '') : '';
  const createdBy = text.replace(/\s+/g, ' ').trim().slice(0, MAX_CREATED_BY);
  return { digest, number: index + 1, of: layers.length, ...(createdBy === '' ? {} : { createdBy }) };
};

/** The same error, which tells the layer, too: an image has many, and only one has to be mended. */
const inLayer = (error: unknown, image: OciImage, index: number, ref: string): unknown => {
  const layer = layerOf(image, index);
  const start = `${ref}: `;
  if (!(error instanceof SlipwayError) || layer === undefined || !error.message.startsWith(start))
    return error;
  const { digest, number, of, createdBy } = layer;
  const made = createdBy === undefined ? '' : `, made by ${JSON.stringify(createdBy)}`;
  return new SlipwayError(
    error.code,
    `${ref}, layer ${number} of ${of} (${digest}${made}): ${error.message.slice(start.length)}`,
    { cause: error, details: { ...error.details, layer: digest } },
  );
};

/** The entries of every layer, lowest first. */
const readLayers = async (image: OciImage, ref: string, options: ResolveOptions): Promise<TarEntry[][]> => {
  let [total, arrived] = [0, 0];
  return sideBySide([...image.layers.entries()], PARALLEL, async ([index, layer]) => {
    const { diffId, compression, size } = layer;
    const open = (): ReturnType<typeof layer.open> => {
      total += size;
      return layer.open();
    };
    const onBytes = (bytes: number): void => {
      arrived += bytes;
      options.fetched?.(ref, arrived, total);
    };
    const source = { diffId, key: keyOf(diffId), compression, open, ref, onBytes };
    return layerEntries(source, options.cacheDir).catch((error: unknown) => {
      throw inLayer(error, image, index, ref);
    });
  });
};

/** The layers of an image on top of one another; contents stay in the cache. */
const readTree = async (image: OciImage, ref: string, options: ResolveOptions) => {
  const tree = createLayeredTree();
  const layers = await readLayers(image, ref, options);
  for (const [index, entries] of layers.entries())
    try {
      tree.apply(entries, {
        source: ref,
        layer: layerOf(image, index),
        whiteouts: true,
        keepDirectorySymlinks: false,
        deviceNodes: options.deviceNodes,
      });
    } catch (error) {
      // What is unsafe leaves nothing behind.
      if (codeOf(error) === 'LAYER_UNSAFE')
        for (const { diffId } of image.layers) await forgetLayer(keyOf(diffId), options.cacheDir);
      throw inLayer(error, image, index, ref);
    }
  return { tree: tree.toTree(), removed: tree.removed() };
};

/** What a component that Slipway packed says of the packages inside. */
const packedOrigins = (config: OciConfig, ref: string): Origin[] => {
  const label = config.Labels?.[ORIGINS_LABEL];
  if (label === undefined) return [];
  try {
    return z.array(Origin).parse(JSON.parse(label));
  } catch (cause) {
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `${ref}: the label ${ORIGINS_LABEL} is malformed; pack the component again`,
      { cause, details: { component: ref } },
    );
  }
};

const nameOf = (location: ImageLocation): string =>
  basename(location.type === 'registry' ? location.repository : location.path);

/**
 * Reads an image from a registry, a layout or an archive.
 *
 * @param as what it is called, where its place says nothing
 * @throws {SlipwayError} of `openImage`, and COMPONENT_INVALID, COMPONENT_DIGEST_MISMATCH, LAYER_UNSAFE
 */
export const readOciComponent = async (
  location: ImageLocation,
  options: ResolveOptions,
  as?: { readonly ref: string; readonly name: string; readonly version: string },
): Promise<Component> => {
  const { arch, baseDir, cacheDir, offline, log, pull, registries, signal } = options;
  const ref = as?.ref ?? formatReference(location);
  const digest = options.lockedImages?.get(ref);
  const image = await openImage(location, {
    arch,
    baseDir,
    cacheDir,
    offline,
    log,
    pull,
    registries,
    signal,
    digest,
  });
  const config: OciConfig = image.config.config ?? {};
  const tag = location.type === 'registry' || location.type === 'oci' ? location.tag : undefined;
  const name = as?.name ?? nameOf(location);
  const version = as?.version ?? config.Labels?.[VERSION_LABEL] ?? tag ?? keyOf(image.digest).slice(0, 12);
  const repository = location.type === 'registry' ? `${location.registry}/${location.repository}` : undefined;
  const purl = (of: string): string => ociPurl({ name, digest: of, repository });
  return {
    ref,
    digest: image.digest,
    ...(await readTree(image, ref, options)),
    config,
    origins: [
      {
        type: 'oci',
        name,
        version,
        purl: ociPurl({ name, digest: image.digest, repository, tag }),
        digest: image.digest,
      },
      ...image.layers.map((layer, index) => ({
        type: 'oci' as const,
        name: `${name}/layer-${index}`,
        version,
        purl: purl(layer.digest),
        digest: layer.digest,
      })),
      ...packedOrigins(config, ref),
    ],
  };
};
