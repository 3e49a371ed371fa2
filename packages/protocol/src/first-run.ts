import { z } from 'zod';

/** The way of an empty installation to its first updated device, in order. */
export const FirstRunStepName = z.enum(['user', 'images', 'build', 'publish', 'device', 'update']);
export type FirstRunStepName = z.infer<typeof FirstRunStepName>;

export const FirstRun = z.object({
  /** whether every step is */
  done: z.boolean(),
  steps: z.array(
    z.object({
      name: FirstRunStepName,
      done: z.boolean(),
      /** name or id of what did it: user, class, build, release, device, rollout */
      subject: z.string().nullable(),
    }),
  ),
  images: z.object({
    classes: z.int(),
    /** what is wrong with the image repository, as `GET /v1/device-classes` says it */
    problem: z.string().nullable(),
    /** folders of `components/` that image files cannot name yet, because they are not packed */
    unpacked: z.array(z.string()),
    /** whether `POST /v1/example-images` puts an example there */
    example: z.boolean(),
  }),
  /** how many the server starts by itself, `POST /v1/virtual-devices`; 0: none */
  virtualDevices: z.int(),
});
export type FirstRun = z.infer<typeof FirstRun>;

/** What `POST /v1/example-images` did. */
export const ExampleImages = z.object({
  /** files that were put there; 0 where classes were there before */
  files: z.int(),
  /** components that were packed, such as `oci/web` */
  packed: z.array(z.string()),
});
export type ExampleImages = z.infer<typeof ExampleImages>;
