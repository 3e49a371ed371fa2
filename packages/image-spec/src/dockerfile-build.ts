import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { z } from 'zod';

/** Of what image files declare under `dockerfiles`. */
export const DOCKERFILE_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/;

const INSIDE = /^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\0]+$/;

/** A component that an engine makes from a Dockerfile; the names are those of Compose. */
export const DockerfileBuild = z
  .strictObject({
    context: z
      .string()
      .min(1)
      .describe('The folder that COPY and ADD take from, relative to the image file.'),
    dockerfile: z
      .string()
      .regex(INSIDE, 'a path within the context, without leading / and without ..')
      .optional()
      .describe('The Dockerfile within the context; by default Dockerfile.'),
    target: z.string().min(1).optional().describe('The stage that is the component; by default the last.'),
    args: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of a build argument'), z.string())
      .optional()
      .describe('Values of ARG.'),
    contexts: z
      .record(z.string().min(1), z.string())
      .optional()
      .describe(
        'Images by the names that FROM and --from have for them: base: oci:layouts/base, or deb:NAME, or an image of a registry.',
      ),
    network: z
      .enum(['host', 'none'])
      .optional()
      .describe('What RUN reaches: by default host, the network of the building machine; none: nothing.'),
  })
  .meta({ id: 'dockerfileBuild', description: 'A component that is built from a Dockerfile.' });
export type DockerfileBuild = z.infer<typeof DockerfileBuild>;

const SHORT = 'the path of a folder, or a mapping of context, dockerfile, target, args, contexts, network';

/** What may stand instead of `image`. */
export const InlineBuild = z
  .union([z.string().min(1), DockerfileBuild], { error: SHORT })
  .describe('Instead of image: a folder with a Dockerfile, or a mapping that says more.');
export type InlineBuild = z.infer<typeof InlineBuild>;

const sorted = (record: Readonly<Record<string, string>> = {}): [string, string][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

/** The name of a build that nobody gave one: two that say the same are one component. */
export const inlineName = (build: DockerfileBuild): string => {
  const { context, dockerfile = 'Dockerfile', target, args, contexts, network = 'host' } = build;
  const text = JSON.stringify([context, dockerfile, target ?? null, sorted(args), sorted(contexts), network]);
  const folder = posix
    .basename(context)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${folder === '' ? 'build' : folder.slice(0, 64)}-${digest}`;
};
