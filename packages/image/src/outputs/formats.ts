import { SlipwayError } from '@slipway/protocol';
import { docker, oci, tar } from './archives.ts';
import { efiDisk } from './disk/efi-disk.ts';
import { FORMATS, type Format } from './format-names.ts';
import { isoEfi } from './iso-efi.ts';
import { kernelInitrd, tarKernelInitrd } from './kernel-initrd.ts';
import { kernelErofs, kernelSquashfs } from './kernel-root.ts';
import type { OutputInput, WriteOutput, WrittenOutput } from './output.ts';

const WRITERS: Readonly<Record<Format, WriteOutput>> = {
  tar,
  'kernel+initrd': kernelInitrd,
  'tar-kernel-initrd': tarKernelInitrd,
  'kernel+squashfs': kernelSquashfs,
  'kernel+erofs': kernelErofs,
  'iso-efi': isoEfi,
  'raw-efi': efiDisk('raw-efi'),
  'qcow2-efi': efiDisk('qcow2-efi'),
  vmdk: efiDisk('vmdk'),
  vhd: efiDisk('vhd'),
  'dynamic-vhd': efiDisk('dynamic-vhd'),
  gcp: efiDisk('gcp'),
  aws: efiDisk('aws'),
  docker,
  oci,
};

/** @throws {SlipwayError} OUTPUT_UNSUPPORTED, with the formats there are */
export const parseFormat = (text: string): Format => {
  const found = FORMATS.find((format) => format === text);
  if (found !== undefined) return found;
  if (text === 'bundle')
    throw new SlipwayError(
      'OUTPUT_UNSUPPORTED',
      'a bundle updates devices with two slots, which image files alone do not make; build device classes by --class or --all with --format bundle',
      { details: { format: text } },
    );
  throw new SlipwayError(
    'OUTPUT_UNSUPPORTED',
    `expected a format out of ${FORMATS.join(', ')}, found ${JSON.stringify(text)}`,
    { details: { format: text, allowed: FORMATS } },
  );
};

export type OutputFile = WrittenOutput & { readonly format: Format };

/**
 * Writes one format of an image into the staging folder.
 *
 * @throws {SlipwayError} OUTPUT_UNSUPPORTED
 */
export const writeFormat = async (format: Format, input: OutputInput): Promise<OutputFile[]> =>
  (await WRITERS[format](input)).map((file) => ({ format, ...file }));
