import { HealthGates } from '@slipway/protocol';
import { z } from 'zod';
import { Container } from './container.ts';
import { DebianSource, GENERATE_RULES } from './debian-source.ts';
import { UserId } from './user-id.ts';

const Kernel = z.strictObject({
  image: z.string().optional(),
  cmdline: z.string().optional(),
  /** path of the kernel within the image; absent: `/kernel`, or the only `/boot/vmlinuz-*` of a Debian package */
  binary: z.string().optional(),
  /** path of the tar that is put at the root; absent: `/kernel.tar`; `none` or nothing: no tar */
  tar: z.string().optional(),
  /** path of processor microcode, a cpio that goes before the initrd */
  ucode: z.string().optional(),
});

/** Room that containers bind by its name. */
export const Volume = z.strictObject({
  name: z.string().regex(/^[a-z0-9_-]+$/, 'small letters, digits, _ and -'),
  /** what it holds from the start; absent: nothing */
  image: z.string().optional(),
  readonly: z.boolean().optional(),
  /** `filesystem`: the image's files; `oci`: the image itself, as an OCI layout */
  format: z.enum(['', 'filesystem', 'oci']).optional(),
  /** of an `oci` volume, such as `linux/amd64`; absent: the platform of the build */
  platforms: z
    .array(z.string().regex(/^[^/\s]+(?:\/[^/\s]+){1,2}$/, 'a platform such as linux/arm64'))
    .optional(),
});
export type Volume = z.infer<typeof Volume>;

export const FileEntry = z.strictObject({
  path: z
    .string()
    .min(1)
    .refine((path) => !path.split('/').includes('..') && !path.includes('\0'), 'a path without ..'),
  directory: z.boolean().optional(),
  symlink: z.string().min(1).optional(),
  contents: z.string().optional(),
  /** a file of the building machine, see `parseImageFiles` for what its path is relative to */
  source: z.string().min(1).optional(),
  /** the resolved specification of the image itself */
  metadata: z.enum(['yaml', 'json']).optional(),
  /** skipped if `source` is not there */
  optional: z.boolean().optional(),
  /** octal, quoted; absent: 0600, directories 0700 */
  mode: z
    .string()
    .regex(/^[0-7]{1,5}$/, 'an octal mode in quotes, such as "0644"')
    .optional(),
  uid: UserId.optional(),
  gid: UserId.optional(),
});
export type FileEntry = z.infer<typeof FileEntry>;

const strings = z.array(z.string());

/** How a component made of packages starts; the names are those of LinuxKit's and Docker's YAML. */
export const PackageConfig = z.strictObject({
  entrypoint: strings.optional(),
  cmd: strings.optional(),
  env: strings.optional(),
  cwd: z.string().optional(),
  user: z.string().optional(),
});

export const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]*(?:\$\{arch\}[a-z0-9+.-]*)?(?:=[A-Za-z0-9.+:~-]+)?$/;

const RELATIVE_PATH = /^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\0]+$/;

/** A component made of Debian packages, used as `deb:NAME`. */
export const PackageSet = z.strictObject({
  /** names of packages; `${arch}` becomes `amd64` or `arm64`; `name=version` pins */
  install: z
    .array(z.string().regex(PACKAGE_NAME, 'the name of a Debian package, optionally =version'))
    .min(1),
  /**
   * `full`: with everything they depend on; `none`: just these packages; a list of globs: those of everything they
   * depend on whose names match
   */
  dependencies: z
    .union([z.enum(['full', 'none']), strings], {
      error: 'full, none, or a list of globs over names of packages',
    })
    .default('full'),
  /** globs over paths without leading `/`; if given, only what matches is kept */
  include: strings.optional(),
  /** globs of what is dropped in addition to documentation, manual pages and translations */
  exclude: strings.optional(),
  /** where the packages come from; absent: what the image file says under `debian`, else the machine's own archives */
  debian: z.array(DebianSource).min(1, 'at least one source').optional(),
  /**
   * what is made that packages' scripts would make; absent: all that the packages call for, but nothing if `include`
   * chooses files
   */
  generate: z.array(z.enum(GENERATE_RULES)).optional(),
  /** of names that several packages can provide, the one that does: `usr/bin/awk: usr/bin/mawk` */
  alternatives: z
    .record(
      z.string().regex(RELATIVE_PATH, 'a path without leading / and without ..'),
      z.string().regex(RELATIVE_PATH, 'a path without leading / and without ..'),
    )
    .optional(),
  config: PackageConfig.optional(),
});
export type PackageSet = z.infer<typeof PackageSet>;

const Health = z.strictObject({
  deadline: HealthGates.shape.deadline.optional(),
  stable: HealthGates.shape.stable.optional(),
  services: HealthGates.shape.services.optional(),
  broker: HealthGates.shape.broker.optional(),
  probes: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('http'),
          name: z.string(),
          url: z.url({ protocol: /^https?$/ }),
          status: z.int().min(100).max(599).default(200),
          contains: z.string().optional(),
        }),
        z.strictObject({
          type: z.literal('tcp'),
          name: z.string(),
          host: z.string(),
          port: z.int().min(1).max(65_535),
        }),
        z.strictObject({
          type: z.literal('exec'),
          name: z.string(),
          command: z.array(z.string()).min(1),
        }),
      ]),
    )
    .optional(),
});

/** One image file as written. LinuxKit's keys and, below them, Slipway's own, so that a LinuxKit file stays valid. */
export const ImageFileText = z.strictObject({
  kernel: Kernel.optional(),
  init: strings.optional(),
  volumes: z.array(Volume).optional(),
  onboot: z.array(Container).optional(),
  onshutdown: z.array(Container).optional(),
  services: z.array(Container).optional(),
  files: z.array(FileEntry).optional(),
  /** of Docker Content Trust; accepted and ignored, as LinuxKit does */
  trust: z.strictObject({ image: strings.optional(), org: strings.optional() }).optional(),
  packages: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/), PackageSet).optional(),
  /** where Debian packages come from, unless a package set says otherwise */
  debian: z.array(DebianSource).min(1, 'at least one source').optional(),
  agent: z.strictObject({ enabled: z.boolean().optional() }).optional(),
  health: Health.optional(),
});
export type ImageFileText = z.infer<typeof ImageFileText>;

export type ImageKernel = {
  readonly image: string;
  readonly cmdline: string;
  readonly binary?: string | undefined;
  readonly tar?: string | undefined;
  readonly ucode?: string | undefined;
};

/**
 * What an image consists of: every image file of a class, merged, with defaults filled in. References and `source`
 * are relative to the image repository.
 */
export type ImageFile = {
  /** absent: an image without kernel, of which no device can start; `requireKernel` asks for one */
  readonly kernel?: ImageKernel | undefined;
  readonly init: readonly string[];
  readonly volumes: readonly Volume[];
  readonly onboot: readonly Container[];
  readonly onshutdown: readonly Container[];
  readonly services: readonly Container[];
  readonly files: readonly FileEntry[];
  /** each with the sources that hold for it */
  readonly packages: Readonly<Record<string, PackageSet>>;
  /** of the packages that Slipway itself puts into an image; absent: the building machine's */
  readonly debian?: readonly DebianSource[] | undefined;
  readonly agent: { readonly enabled: boolean };
  readonly health: HealthGates;
};

/** What an image file gets for a key it leaves out. */
export const IMAGE_DEFAULTS = {
  agent: { enabled: true },
  /** seconds; `services` is every service of the image */
  health: { deadline: 120, stable: 10, broker: true },
} as const;
