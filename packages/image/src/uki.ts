import { appendPeSections } from './pe.ts';

export type UkiInput = {
  /** systemd's EFI stub of the target architecture */
  readonly stub: Uint8Array;
  readonly kernel: Uint8Array;
  readonly kernelRelease: string;
  readonly initrd: Uint8Array;
  readonly commandLine: string;
  readonly deviceClass: string;
  readonly version: string;
};

/**
 * A unified kernel image: one PE file that the firmware starts. Kernel and initrd come first, so that releases of one
 * kernel share those bytes at the same offsets; what every release changes comes last.
 *
 * @see the UAPI group's specification of unified kernel images
 */
export const makeUki = (input: UkiInput): Buffer => {
  const osRelease = [
    'ID=slipway',
    'NAME="Slipway"',
    `PRETTY_NAME="${input.deviceClass} ${input.version}"`,
    `VERSION_ID=${input.version}`,
    `IMAGE_ID=${input.deviceClass}`,
    `IMAGE_VERSION=${input.version}`,
    '',
  ].join('\n');
  return appendPeSections(input.stub, [
    { name: '.linux', content: input.kernel },
    { name: '.initrd', content: input.initrd },
    { name: '.uname', content: Buffer.from(input.kernelRelease) },
    { name: '.osrel', content: Buffer.from(osRelease) },
    { name: '.cmdline', content: Buffer.from(input.commandLine) },
  ]);
};
