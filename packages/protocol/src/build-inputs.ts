import { z } from 'zod';
import { ClassName, ComponentId, Digest, ImageId, ReleaseId } from './ids.ts';
import { PackageType } from './package-type.ts';

/**
 * Where a component comes from: `oci` an image of a registry, `local` one that lies in the image repository as a layout
 * or an archive, also what `slipway component pack` made, `deb` a set of Debian packages.
 */
export const ComponentKind = z.enum(['oci', 'local', 'deb']);
export type ComponentKind = z.infer<typeof ComponentKind>;

/** What a reference of an image file became in a build. */
export const ResolvedComponent = z.strictObject({
  /** as the image file has it */
  reference: z.string().max(1024),
  kind: ComponentKind,
  /** registry and repository, path, or name of the set: the reference without tag and digest */
  name: z.string().min(1).max(1024),
  /** that it tells of itself, or its tag; of a set of packages there is none */
  version: z.string().max(256).optional(),
  /** of the manifest for the architecture; of a set, over its packages with their digests */
  digest: Digest,
});
export type ResolvedComponent = z.infer<typeof ResolvedComponent>;

const time = z.iso.datetime();
/** What of the builds that hold something is told of it. */
const builtShape = {
  deviceClasses: z.array(ClassName),
  /** that succeeded with it */
  builds: z.int(),
  /** that run a release with it, as far as whoever asks may see */
  devices: z.int(),
  firstBuiltAt: time,
  lastBuiltAt: time,
  /** newest first, at most `MAX_HOLDERS`; only where one is shown */
  releases: z
    .array(
      z.object({
        id: ReleaseId,
        deviceClass: ClassName,
        version: z.string(),
        state: z.string(),
        /** that run it */
        devices: z.int(),
      }),
    )
    .optional(),
};
export const MAX_HOLDERS = 100;

export const BuiltComponent = z.object({
  id: ComponentId,
  ...ResolvedComponent.omit({ reference: true }).shape,
  version: z.string().nullable(),
  ...builtShape,
});
export type BuiltComponent = z.infer<typeof BuiltComponent>;

/** An image file as it was: another text is another one. */
export const BuiltImage = z.object({
  id: ImageId,
  /** within the image repository */
  path: z.string(),
  /** of its text */
  digest: Digest,
  ...builtShape,
});
export type BuiltImage = z.infer<typeof BuiltImage>;

/** A package within a component, from the list of contents of a build with it. */
export const ComponentPackage = z.object({
  type: PackageType,
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  /** SPDX expressions where known, else the names that the package uses */
  licenses: z.array(z.string()),
  /** what it was built from */
  source: z.object({ name: z.string(), version: z.string() }),
});
export type ComponentPackage = z.infer<typeof ComponentPackage>;

export const NamePattern = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^(?:[^\\\0]|\\[^\0])*$/, 'one without NUL, nor a backslash at the end')
  .describe('The whole, or a pattern: * any characters, ? one, \\ before one that stands for itself.');
export const ComponentFilter = z.strictObject({
  name: NamePattern.optional(),
  kind: ComponentKind.optional(),
  deviceClass: ClassName.optional(),
  release: ReleaseId.optional().describe('Only those that the release holds.'),
});
export type ComponentFilter = z.infer<typeof ComponentFilter>;

export const ImageFilter = z.strictObject({
  path: NamePattern.optional(),
  deviceClass: ClassName.optional(),
  release: ReleaseId.optional().describe('Only those that the release was built from.'),
});
export type ImageFilter = z.infer<typeof ImageFilter>;
