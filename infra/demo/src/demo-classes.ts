import { appendFile, copyFile, glob } from 'node:fs/promises';
import { join } from 'node:path';
import { ARCHITECTURES, Arch, DeviceId, WholeChainArch } from '@slipway/protocol';
import { z } from 'zod';

/** Those of the demo's image repository, and two that take longer and are there when they are asked for. */
export const DemoArch = Arch.exclude(['s390x']);
export type DemoArch = z.infer<typeof DemoArch>;

export const DEMO_CLASSES = {
  amd64: 'edge-x86',
  arm64: 'edge-arm64',
  'arm/v7': 'edge-armv7',
  riscv64: 'edge-riscv64',
} as const satisfies Record<DemoArch, string>;

export const demoDeviceId = (arch: DemoArch): DeviceId =>
  DeviceId.parse(`demo-${ARCHITECTURES[arch].debian}`);

const MORE_CLASSES = join(import.meta.dirname, '..', 'more-classes');

/**
 * Makes a copy of the image repository fit for architectures that it has no class for: their class files are put into it,
 * and its components are packed for those that are asked for, so that no packages of others are needed.
 */
export const addClasses = async (imagesDir: string, archs: readonly DemoArch[]): Promise<void> => {
  const added = archs.filter((arch) => !WholeChainArch.safeParse(arch).success);
  if (added.length === 0) return;
  for (const arch of added) {
    const file = `${DEMO_CLASSES[arch]}.yml`;
    await copyFile(join(MORE_CLASSES, file), join(imagesDir, 'classes', file));
  }
  for await (const file of glob('components/*/component.yml', { cwd: imagesDir }))
    await appendFile(join(imagesDir, file), `arch: ${JSON.stringify(archs)}\n`);
};
