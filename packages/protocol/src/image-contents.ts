import { z } from 'zod';
import { Digest } from './ids.ts';

/**
 * `contents.jsonl.gz`, an artifact of a build: each file of the root, and which component put it there. Lines of JSON,
 * compressed by gzip: first the head, then an entry for each path, parents before what is in them. The same image gives
 * the same bytes.
 */
export const CONTENTS_NAME = 'contents.jsonl.gz';

export const ContentsHead = z.object({
  v: z.literal(1),
  /** entries count into it by `from` */
  origins: z.array(
    z.object({
      /** reference of the component as the image file has it; absent: the build itself made it */
      component: z.string().optional(),
      /** what within the component: a package with its version, or the component itself */
      source: z.string(),
    }),
  ),
});
export type ContentsHead = z.infer<typeof ContentsHead>;

export const EntryType = z.enum(['file', 'directory', 'symlink', 'hardlink', 'char', 'block', 'fifo']);
export type EntryType = z.infer<typeof EntryType>;

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
});
export type ContentsEntry = z.infer<typeof ContentsEntry>;
