import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { CacheSize } from '@slipway/components/cache';
import { MIN_FREE_BYTES } from '@slipway/fleet/disk-space';
import { dockerfileBuildsOf, type DockerfileBuilds } from '@slipway/image';
import {
  Arch,
  BuilderCapability,
  DEVICE_ARCHES,
  DOCKERFILE_CAPABILITY,
  parseSettings,
} from '@slipway/protocol';
import { z } from 'zod';

const words = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** The settings of the builder, by the names they have in the environment. */
const Environment = z.object({
  SLIPWAY_STORE: z.string(),
  SLIPWAY_STORE_MIN_FREE: z.coerce.number().int().min(0).default(MIN_FREE_BYTES),
  SLIPWAY_CACHE: z.string(),
  SLIPWAY_CACHE_MAX: CacheSize.optional(),
  SLIPWAY_IMAGES: z.string().optional(),
  SLIPWAY_AGENT_BUNDLES: z.string(),
  SLIPWAY_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  SLIPWAY_BUILDER_NAME: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dots and hyphens, at most 63')
    .optional(),
  SLIPWAY_BUILDER_ARCHES: z
    .string()
    .default(DEVICE_ARCHES.join(','))
    .transform(words)
    .pipe(z.array(Arch).min(1)),
  SLIPWAY_BUILDER_CAPABILITIES: z.string().default('').transform(words).pipe(z.array(BuilderCapability)),
  SLIPWAY_DOCKERFILE_BUILDS: z.enum(['on', 'off']).default('off'),
  SLIPWAY_BUILDKIT: z.string().min(1).optional(),
  SLIPWAY_BUILDKIT_CERTIFICATES: z.string().min(1).optional(),
  SLIPWAY_BUILDX: z.string().min(1).optional(),
  SLIPWAY_STALLED_MS: z.coerce.number().int().min(100).default(15_000),
  REDIS_URL: z.string(),
});

export type BuilderConfig = {
  /** the artifact store */
  readonly storeDir: string;
  /** bytes that must be free there for a build to be begun; absent: as the API has it */
  readonly storeMinFreeBytes?: number | undefined;
  /** downloads, shared by all builds */
  readonly cacheDir: string;
  /** bytes it may have after a build; absent: it grows */
  readonly cacheMaxBytes?: number | undefined;
  /** where builds that name no source snapshot look up components and files; others need none */
  readonly imagesDir: string | undefined;
  /** folder with the agent as one JavaScript file for each of its runtimes: `quickjs.mjs`, `node.mjs` */
  readonly agentBundles: string;
  /** name of this worker, unlike that of any other */
  readonly worker: string;
  /** what it takes: classes of these architectures that need none but these capabilities */
  readonly arches: readonly Arch[];
  readonly capabilities: readonly BuilderCapability[];
  /** absent: commands of Dockerfiles may not run on this worker */
  readonly dockerfileBuilds?: DockerfileBuilds | undefined;
  /** builds at once */
  readonly concurrency: number;
  /** how often the queue looks for jobs of workers that died; such a job is taken up after at most three times this */
  readonly stalledMs: number;
  readonly redisUrl: string;
};

/** @throws {SlipwayError} CONFIG_INVALID, naming every setting that is missing or wrong */
export const parseBuilderConfig = (environment: NodeJS.ProcessEnv): BuilderConfig => {
  const data = parseSettings(Environment, environment);
  const mayBuild = data.SLIPWAY_DOCKERFILE_BUILDS === 'on';
  return {
    storeDir: data.SLIPWAY_STORE,
    storeMinFreeBytes: data.SLIPWAY_STORE_MIN_FREE,
    cacheDir: data.SLIPWAY_CACHE,
    cacheMaxBytes: data.SLIPWAY_CACHE_MAX,
    imagesDir: data.SLIPWAY_IMAGES,
    agentBundles: data.SLIPWAY_AGENT_BUNDLES,
    // Two with the same name, one after the other or by mistake at once, are still two.
    worker: `${data.SLIPWAY_BUILDER_NAME ?? hostname()}-${randomBytes(3).toString('hex')}`,
    arches: data.SLIPWAY_BUILDER_ARCHES,
    capabilities: mayBuild
      ? [...new Set([...data.SLIPWAY_BUILDER_CAPABILITIES, DOCKERFILE_CAPABILITY])]
      : data.SLIPWAY_BUILDER_CAPABILITIES,
    dockerfileBuilds: mayBuild ? dockerfileBuildsOf(data) : undefined,
    concurrency: data.SLIPWAY_CONCURRENCY,
    stalledMs: data.SLIPWAY_STALLED_MS,
    redisUrl: data.REDIS_URL,
  };
};
