import { Arch, ClassName } from '@slipway/protocol';
import { z } from 'zod';
import { Size } from './size.ts';

export const OUTPUTS = ['disk'] as const;

/** A device class: devices that take the same image. */
export const ClassFile = z.strictObject({
  name: ClassName,
  arch: Arch,
  /** how the device starts; `uefi` is the only kind so far */
  board: z.enum(['uefi']).default('uefi'),
  /** image files, relative to the class file; later ones add to and override earlier ones, as LinuxKit merges them */
  images: z.array(z.string().min(1)).min(1),
  partitions: z
    .strictObject({
      esp: Size.prefault('256M'),
      root: Size.prefault('512M'),
      /** what the disk image gives it; on a device it may be larger */
      data: Size.prefault('256M'),
    })
    .prefault({}),
  /** added to the kernel command line of the image file: consoles, hardware quirks */
  cmdline: z.string().default(''),
  /** what is made beside the update bundle's UKI and root */
  outputs: z.array(z.enum(OUTPUTS)).default(['disk']),
});
/** Sizes are in bytes; `images` are relative to the image repository. */
export type ClassFile = z.infer<typeof ClassFile>;
