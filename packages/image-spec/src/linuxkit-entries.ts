import { z } from 'zod';
import { REFERENCE } from './container.ts';
import { InlineBuild } from './dockerfile-build.ts';
import { UserId } from './user-id.ts';

export const Kernel = z.strictObject({
  image: z.string().optional().describe(`The image with the kernel: ${REFERENCE}`),
  build: InlineBuild.optional(),
  cmdline: z.string().optional().describe('The kernel command line.'),
  binary: z
    .string()
    .optional()
    .describe(
      'Path of the kernel within the image; by default kernel, or the only boot/vmlinuz-* of Debian packages.',
    ),
  tar: z
    .string()
    .optional()
    .describe(
      'Path of a tar within the image that is unpacked at the root; by default kernel.tar; `none` for none.',
    ),
  ucode: z
    .string()
    .optional()
    .describe('Path of processor microcode within the image, which goes before the initrd.'),
});
export type Kernel = z.infer<typeof Kernel>;

/** Room that containers bind by its name, as written. */
export const VolumeText = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9_-]+$/, 'small letters, digits, _ and -')
      .describe('Its name, used in binds and mounts.'),
    image: z.string().optional().describe(`What it holds from the start, by default nothing: ${REFERENCE}`),
    build: InlineBuild.optional(),
    readonly: z.boolean().optional().describe('Whether containers may only bind it with the option ro.'),
    format: z
      .enum(['', 'filesystem', 'oci'])
      .optional()
      .describe("filesystem: the image's files; oci: the image itself, as an OCI layout."),
    platforms: z
      .array(z.string().regex(/^[^/\s]+(?:\/[^/\s]+){1,2}$/, 'a platform such as linux/arm64'))
      .optional()
      .describe(
        'Platforms that a volume of format oci holds, such as linux/amd64; by default that of the build.',
      ),
  })
  .meta({ id: 'volume', description: 'Room that containers share.' });
export type Volume = Omit<z.infer<typeof VolumeText>, 'build'>;

export const FileEntry = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .refine((path) => !path.split('/').includes('..') && !path.includes('\0'), 'a path without ..')
      .describe('Where it is in the image.'),
    directory: z.boolean().optional().describe('Whether it is a folder.'),
    symlink: z.string().min(1).optional().describe('What it links to.'),
    contents: z.string().optional().describe('What it holds.'),
    source: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A file it is copied from: relative to the image file within an image repository, else as in LinuxKit.',
      ),
    metadata: z
      .enum(['yaml', 'json'])
      .optional()
      .describe('Holds the resolved specification of the image itself.'),
    optional: z.boolean().optional().describe('Whether it is left out if its source is not there.'),
    mode: z
      .string()
      .regex(/^[0-7]{1,5}$/, 'an octal mode in quotes, such as "0644"')
      .optional()
      .describe('Octal, in quotes; by default "0600", of folders "0700".'),
    uid: UserId.optional().describe('Its owner: a number, root or the name of a container.'),
    gid: UserId.optional().describe('Its group: a number, root or the name of a container.'),
  })
  .meta({ id: 'file', description: 'A file, folder or link of the image.' });
export type FileEntry = z.infer<typeof FileEntry>;
