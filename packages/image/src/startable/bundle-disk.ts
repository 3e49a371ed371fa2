import { readRange, resolveComponent } from '@slipway/components';
import { ARCHITECTURES, DEVICE_ARCHES, efiNames, SlipwayError, type Arch } from '@slipway/protocol';
import { stat } from 'node:fs/promises';
import { makeDisk } from '../disk.ts';
import { espFiles } from '../esp.ts';
import { peMachine } from '../pe.ts';
import { fileAt } from '../resolve-path.ts';
import { LOADER_PACKAGES } from '../system-packages.ts';

const MIB = 1024 * 1024;
/** As class files have it that say nothing; the ESP has room for three kernels at least. */
const ESP_BYTES = 128 * MIB;
const DATA_BYTES = 256 * MIB;

/** The headers of a PE image lie at its start. */
const HEADER_BYTES = 4096;

const archOf = (uki: Uint8Array): Arch => {
  const machine = peMachine(uki);
  const arch = DEVICE_ARCHES.find((one) => ARCHITECTURES[one].efi?.machine === machine);
  if (arch !== undefined) return arch;
  throw new SlipwayError(
    'ARCH_UNSUPPORTED',
    `expected a UKI of ${DEVICE_ARCHES.join(', ')}, found machine 0x${machine.toString(16)}`,
  );
};

export type BundleDisk = {
  /** paths */
  readonly uki: string;
  readonly rootImage: string;
  readonly out: string;
  readonly cacheDir: string;
  readonly offline?: boolean | undefined;
};

/**
 * Makes the disk of a device that has the release of a bundle in its slot a, and nothing else. systemd-boot starts it,
 * whatever starts devices of the class: virtual machines have UEFI.
 *
 * @returns its architecture
 * @throws {SlipwayError} COMPONENT_INVALID, ARCH_UNSUPPORTED, TOOL_MISSING, TOOL_FAILED, and those of packages
 */
export const makeBundleDisk = async ({
  uki,
  rootImage,
  out,
  cacheDir,
  offline,
}: BundleDisk): Promise<Arch> => {
  const slot = { file: uki, offset: 0, size: (await stat(uki)).size };
  const arch = archOf(readRange(slot, 0, Math.min(slot.size, HEADER_BYTES)));
  const spec = { packages: LOADER_PACKAGES };
  const { tree } = await resolveComponent('deb:slipway-loader', {
    arch,
    baseDir: '/',
    cacheDir,
    spec,
    offline,
  });
  const { loader, firstFile } = efiNames(arch);
  const file = fileAt(tree, `usr/lib/systemd/boot/efi/${loader}`);
  if (file === undefined)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `expected ${loader} in the package systemd-boot-efi for ${arch}`,
    );
  const rootBytes = (await stat(rootImage)).size;
  await makeDisk({
    path: out,
    arch,
    deviceClass: 'bundle',
    sizes: {
      esp: Math.max(ESP_BYTES, Math.ceil((4 * slot.size) / MIB) * MIB),
      root: Math.ceil(rootBytes / MIB) * MIB,
      data: DATA_BYTES,
    },
    espFiles: espFiles({ path: firstFile, content: file.content }, slot),
    root: { file: rootImage, size: rootBytes },
    time: 0,
  });
  return arch;
};
