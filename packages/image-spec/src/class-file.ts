import {
  Arch,
  BuilderCapability,
  ClassName,
  ClassTrigger,
  DEFAULT_PROFILE,
  MAX_CLASS_TRIGGERS,
  OutputFormat,
  SigningProfile,
} from '@slipway/protocol';
import { z } from 'zod';
import { isDiskFormat } from './disk-formats.ts';
import { LintSettings } from './lint/allowances.ts';
import { ImageFileText } from './image-file.ts';
import { Size } from './size.ts';
import { SetVariables } from './variables.ts';

/** Less is no FAT32 to firmware, which then finds no boot loader. */
const LEAST_ESP_BYTES = 33 * 1024 ** 2;

/** A device class: devices that take the same image. */
export const ClassFile = z.strictObject({
  name: ClassName.describe('Its name, which devices and releases refer to.'),
  arch: Arch.describe('Processor architecture of the devices.'),
  board: z
    .enum(['uefi', 'rpi'])
    .default('uefi')
    .describe('How the devices start: by UEFI firmware, or by that of a Raspberry Pi.'),
  bootLoader: z
    .enum(['systemd-boot', 'u-boot', 'tryboot'])
    .default('systemd-boot')
    .describe(
      'What chooses the slot. u-boot: the U-Boot of the board, by a script on the EFI system partition. tryboot: the firmware of a Raspberry Pi, which has no other.',
    ),
  images: z
    .array(z.string().min(1))
    .min(1)
    .describe('Image files, relative to this file; later ones add to and override earlier ones.'),
  variables: SetVariables.default({}).describe('What variables of the image files are for this class.'),
  overlay: ImageFileText.omit({ variables: true })
    .optional()
    .describe('What this class alone adds to its image files: keys of an image file, merged last.'),
  partitions: z
    .strictObject({
      esp: Size.refine(
        (bytes) => bytes >= LEAST_ESP_BYTES,
        'at least 33M, the least that firmware takes for FAT32',
      )
        .prefault('256M')
        .describe('The EFI system partition, which holds kernels; 33M at least.'),
      root: Size.prefault('512M').describe('Each of the two root partitions.'),
      data: Size.prefault('256M').describe('Data in the disk image; on a device it may be larger.'),
    })
    .prefault({})
    .describe('Sizes of partitions, such as 256M.'),
  cmdline: z
    .string()
    .default('')
    .describe('Added to the kernel command line of the image files: consoles, hardware quirks.'),
  drivers: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'the name of a kernel module'))
    .optional()
    .describe(
      'Kernel modules for the disk and the network of these devices, instead of those that most machines need.',
    ),
  secureBoot: z
    .boolean()
    .default(false)
    .describe(
      'Devices start only what our key has signed: the signer signs UKI and boot loader for their firmware.',
    ),
  signing: SigningProfile.default(DEFAULT_PROFILE).describe(
    'The signing profile: whose keys sign releases of this class, for updates and for Secure Boot, and whose releases its devices take.',
  ),
  alsoTrusts: z
    .array(SigningProfile)
    .default([])
    .describe(
      'Signing profiles whose releases the devices take as well, while the class moves from one profile to another.',
    ),
  qualification: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'Whether a server tries each release in a virtual device, as an update, before it may be published.',
    ),
  needs: z
    .array(BuilderCapability)
    .default([])
    .describe('What a build worker of a server must be able to do, as its SLIPWAY_BUILDER_CAPABILITIES say.'),
  outputs: z
    .array(OutputFormat)
    .default(['disk'])
    .describe(
      'What is made of the image: its disk in these formats, and the bundle, which a server makes always.',
    ),
  triggers: z
    .array(ClassTrigger)
    .max(MAX_CLASS_TRIGGERS)
    .default([])
    .describe('What has a server build this class. Publishing and rolling out are decided on the server.'),
  lint: LintSettings.prefault({}).describe('What `slipway lint` lets pass for this class.'),
});
/** Sizes are in bytes; `images` are relative to the image repository. */
export type ClassFile = z.infer<typeof ClassFile>;

/** Other formats of a disk are made of the disk. */
export const namesDisk = ({ outputs }: Pick<ClassFile, 'outputs'>): boolean =>
  outputs.some((output) => output === 'disk' || isDiskFormat(output));
