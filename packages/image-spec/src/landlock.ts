import { z } from 'zod';

const paths = (description: string) =>
  z
    .array(z.string().regex(/^\/[^\0]*$/, 'a path of the container that starts with /'))
    .optional()
    .describe(description);
const ports = (what: string) =>
  z
    .array(z.int().min(0).max(65535))
    .optional()
    .describe(`TCP ports it may ${what}; left out: any, an empty list: none.`);

/** What a container may reach; the kernel's Landlock holds every program in it to that, whatever its user. */
export const Landlock = z
  .strictObject({
    read: paths('Files and folders it may read, with everything below them.'),
    write: paths('What it may read, change, make and remove, with everything below.'),
    execute: paths('What it may read and run, with everything below; its libraries need read alone.'),
    bind: ports('listen on'),
    connect: ports('connect to'),
  })
  .meta({
    id: 'landlock',
    description:
      'What the container may reach of its own files and of the network. Every path that is not listed is refused, but for its /dev. Holds in device classes.',
  });
export type Landlock = z.infer<typeof Landlock>;
