import { z } from 'zod';
import { Digest } from './ids.ts';

/**
 * `contents.jsonl.gz`, an artifact of a build: each file of the root, and which component put it there; of a device class
 * also what is in its UKI, below `uki.efi`. Lines of JSON,
 * compressed by gzip: first the head, then an entry for each path, parents before what is in them. The same image gives
 * the same bytes.
 */
export const CONTENTS_NAME = 'contents.jsonl.gz';

export const EntryType = z.enum(['file', 'directory', 'symlink', 'hardlink', 'char', 'block', 'fifo']);
export type EntryType = z.infer<typeof EntryType>;

/** A layer of an OCI image. */
export const ContentsLayer = z.object({
  digest: Digest,
  /** from 1, the lowest */
  number: z.int().min(1),
  of: z.int().min(1),
  /** what made it, as the image tells */
  createdBy: z.string().optional(),
});
export type ContentsLayer = z.infer<typeof ContentsLayer>;

/** What was at a path before something else took its place. */
export const ContentsOver = z.object({
  /** index of an origin */
  from: z.int().min(0),
  type: EntryType,
  /** of a file, bytes */
  size: z.int().min(0).optional(),
});
export type ContentsOver = z.infer<typeof ContentsOver>;

export const ContentsHead = z.object({
  v: z.literal(1),
  /** entries count into it by `from` */
  origins: z.array(
    z.object({
      /** reference of the component as the image file has it; absent: the build itself made it */
      component: z.string().optional(),
      /** what within the component: a package with its version, or the component itself */
      source: z.string(),
      /** absent: not of an image, or made by the build */
      layer: ContentsLayer.optional(),
      /** where the image file asks for it, such as `services[1]` */
      location: z.string().optional(),
    }),
  ),
  /** what was in components and is in none of them any more: a later layer or package took it away */
  removed: z
    .array(
      z.object({
        /** from the root of the component */
        path: z.string(),
        /** index of an origin */
        by: z.int().min(0),
        over: z.array(ContentsOver),
      }),
    )
    .optional(),
  /** the image file that all image files together are, as YAML */
  configuration: z.string().optional(),
});
export type ContentsHead = z.infer<typeof ContentsHead>;

export const ContentsEntry = z.object({
  /** from the root, without a slash at the beginning */
  path: z.string(),
  type: EntryType,
  /** permission bits, octal */
  mode: z.string(),
  /** index of an origin */
  from: z.int().min(0),
  /** of a file, bytes */
  size: z.int().min(0).optional(),
  digest: Digest.optional(),
  /** of a link */
  target: z.string().optional(),
  /** what it took the place of, lowest first */
  over: z.array(ContentsOver).optional(),
});
export type ContentsEntry = z.infer<typeof ContentsEntry>;
