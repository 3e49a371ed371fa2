import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { imageFile } from './image-file.ts';
import { CHANGED, planImages, type Layer } from './images.ts';
import { writeLayer, writeLayout, type Blob } from './layout.ts';

/** Raised whenever other bytes would be made. */
const GENERATION = 2;
const TOGETHER = 2;

/** What was made, as the result tells it. Layers count as often as images use them, as a builder meets them. */
export const Inputs = z.object({
  scale: z.number(),
  versions: z.int(),
  arch: z.enum(['amd64', 'arm64']),
  images: z.int(),
  layers: z.int(),
  layerBytes: z.int(),
  compressedBytes: z.int(),
  entries: z.int(),
});
export type Inputs = z.infer<typeof Inputs>;

const Stamp = z.object({ generation: z.literal(GENERATION), inputs: Inputs });

const writeLayers = async (layers: readonly Layer[], folder: string): Promise<Map<string, Blob>> => {
  const blobs = new Map<string, Blob>();
  const queue = [...new Map(layers.map((layer) => [layer.name, layer])).values()];
  const worker = async (): Promise<void> => {
    for (let layer = queue.shift(); layer !== undefined; layer = queue.shift())
      blobs.set(layer.name, await writeLayer(layer, folder));
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  return blobs;
};

const readStamp = async (path: string): Promise<Inputs | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Stamp.safeParse(JSON.parse(text)).data?.inputs;
};

/**
 * Makes `NAME` (`web-1`, `web-2` … for the image that changes) below `folder/layouts`, and for each version an image
 * file for either builder: `slipway-1.yml`, `linuxkit-1.yml`. The same options give the same bytes, so what is there
 * already is kept.
 */
export const ensureInputs = async (
  folder: string,
  { scale, versions, arch }: Pick<Inputs, 'scale' | 'versions' | 'arch'>,
): Promise<Inputs> => {
  const stamp = join(folder, 'inputs.json');
  const there = await readStamp(stamp);
  if (there?.scale === scale && there.versions >= versions && there.arch === arch) return there;

  await rm(folder, { recursive: true, force: true });
  const parts = join(folder, 'parts');
  const layouts = join(folder, 'layouts');
  for (const path of [parts, layouts]) await mkdir(path, { recursive: true });
  const images = planImages(scale, versions);
  const blobs = await writeLayers(
    images.flatMap(({ layers }) => layers),
    parts,
  );
  const blobsOf = (layers: readonly Layer[]): Blob[] => layers.flatMap(({ name }) => blobs.get(name) ?? []);
  for (const image of images) {
    const name = layoutName(image);
    await writeLayout(join(layouts, name), image, arch, blobsOf(image.layers));
  }
  for (let number = 1; number <= versions; number += 1) {
    const version = String(number);
    const ours = imageFile(images, version, (image) => `oci:layouts/${layoutName(image)}:${image.tag}`);
    await writeFile(join(folder, `slipway-${version}.yml`), ours);
    const theirs = imageFile(images, version, ({ name, tag }) => `bench/${name}:${tag}`);
    await writeFile(join(folder, `linuxkit-${version}.yml`), theirs);
  }
  await rm(parts, { recursive: true });

  const one = images.filter(({ name, tag }) => name !== CHANGED || tag === '1');
  const used = one.flatMap(({ layers }) => blobsOf(layers));
  const sum = (value: (blob: Blob) => number): number => used.reduce((total, blob) => total + value(blob), 0);
  const inputs: Inputs = {
    scale,
    versions,
    arch,
    images: one.length,
    layers: used.length,
    layerBytes: sum(({ uncompressed }) => uncompressed),
    compressedBytes: sum(({ size }) => size),
    entries: sum(({ entries }) => entries),
  };
  await writeFile(
    `${stamp}.tmp`,
    JSON.stringify({ generation: GENERATION, inputs } satisfies z.infer<typeof Stamp>),
  );
  await rename(`${stamp}.tmp`, stamp);
  return inputs;
};

const layoutName = ({ name, tag }: { readonly name: string; readonly tag: string }): string =>
  name === CHANGED ? `${name}-${tag}` : name;
