import { z } from 'zod';

/** A number, or the name of a container of the image: each has a number of its own. `root` and nothing are 0. */
export const UserId = z
  .union([z.int().min(0).max(0xffff_ffff), z.string()], {
    error: 'a number, root or the name of a container',
  })
  .meta({
    id: 'user',
    description:
      'A number, `root`, or the name of a container of this image: every container has a number of its own, counted from 100.',
  });
export type UserId = z.infer<typeof UserId>;
