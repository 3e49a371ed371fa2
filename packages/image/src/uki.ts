import type { Piece } from '@slipway/components';
import { peWithSections } from './pe.ts';

export type UkiInput = {
  /** systemd's EFI stub of the target architecture */
  readonly stub: Uint8Array;
  readonly kernel: Piece;
  readonly kernelRelease: string;
  readonly initrd: Piece;
  readonly commandLine: string;
  readonly deviceClass: string;
  readonly version: string;
};

/**
 * A unified kernel image, in pieces: one PE file that the firmware starts. Kernel and initrd come first, so that releases of one
 * kernel share those bytes at the same offsets; what every release changes comes last.
 *
 * @see the UAPI group's specification of unified kernel images
 */
export const makeUki = (input: UkiInput): Piece[] => {
  const osRelease = [
    'ID=slipway',
    'NAME="Slipway"',
    `PRETTY_NAME="${input.deviceClass} ${input.version}"`,
    `VERSION_ID=${input.version}`,
    `IMAGE_ID=${input.deviceClass}`,
    `IMAGE_VERSION=${input.version}`,
    '',
  ].join('\n');
  return peWithSections(input.stub, [
    { name: '.linux', content: input.kernel },
    { name: '.initrd', content: input.initrd },
    { name: '.uname', content: Buffer.from(input.kernelRelease) },
    { name: '.osrel', content: Buffer.from(osRelease) },
    { name: '.cmdline', content: Buffer.from(input.commandLine) },
  ]);
};
