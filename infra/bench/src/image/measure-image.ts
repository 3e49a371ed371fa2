import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WholeChainArch } from '@slipway/protocol';
import { measureBoot } from './measure-boot.ts';
import type { ReferenceBuilder } from './reference-image.ts';
import { GOALS, type ImageMeasure, type Weight } from './result.ts';
import { partsOf, sectionOf, together, weigh } from './weigh.ts';

const read = async (folder: string) => ({
  uki: await readFile(join(folder, 'uki.efi')),
  root: await readFile(join(folder, 'root.img')),
});

const difference = (a: Weight, b: Weight): Weight => ({
  bytes: a.bytes - b.bytes,
  compressed: a.compressed - b.compressed,
});

/**
 * Builds the reference image with and without agent and weighs it, and once more to boot it.
 *
 * @param announcing as `measureBoot` needs it
 */
export const measureImage = async (
  build: ReferenceBuilder,
  announcing: ReferenceBuilder,
  arch: WholeChainArch,
): Promise<ImageMeasure> => {
  const { folder } = await build(arch, true);
  const whole = await read(folder);
  const bare = await read((await build(arch, false)).folder);
  const [uki, root] = await Promise.all([weigh(whole.uki), weigh(whole.root)]);
  const slot = together(uki, root);
  const slotWithoutAgent = together(...(await Promise.all([weigh(bare.uki), weigh(bare.root)])));
  return {
    arch,
    kernelRelease: Buffer.from(sectionOf(whole.uki, '.uname')).toString(),
    kernel: await weigh(sectionOf(whole.uki, '.linux')),
    initramfs: await weigh(sectionOf(whole.uki, '.initrd')),
    uki,
    root,
    slot,
    slotWithoutAgent,
    agent: difference(slot, slotWithoutAgent),
    boot: await measureBoot(announcing, arch),
    parts: await partsOf(join(folder, 'root.img'), join(folder, 'files')),
    goals: GOALS[arch],
  };
};
