import { parseSettings } from '@slipway/protocol';
import { z } from 'zod';

/** The settings of the builder, by the names they have in the environment. */
const Environment = z.object({
  SLIPWAY_STORE: z.string(),
  SLIPWAY_CACHE: z.string(),
  SLIPWAY_IMAGES: z.string(),
  SLIPWAY_AGENT_BUNDLES: z.string(),
  SLIPWAY_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  SLIPWAY_STALLED_MS: z.coerce.number().int().min(100).default(15_000),
  REDIS_URL: z.string(),
});

export type BuilderConfig = {
  /** the artifact store */
  readonly storeDir: string;
  /** downloads, shared by all builds */
  readonly cacheDir: string;
  /** the image repository; components and sources are looked up in it */
  readonly imagesDir: string;
  /** folder with the agent as one JavaScript file for each of its runtimes: `quickjs.mjs`, `node.mjs` */
  readonly agentBundles: string;
  /** builds at once */
  readonly concurrency: number;
  /** how often the queue looks for jobs of workers that died; such a job is taken up after at most three times this */
  readonly stalledMs: number;
  readonly redisUrl: string;
};

/** @throws {SlipwayError} CONFIG_INVALID, naming every setting that is missing or wrong */
export const parseBuilderConfig = (environment: NodeJS.ProcessEnv): BuilderConfig => {
  const data = parseSettings(Environment, environment);
  return {
    storeDir: data.SLIPWAY_STORE,
    cacheDir: data.SLIPWAY_CACHE,
    imagesDir: data.SLIPWAY_IMAGES,
    agentBundles: data.SLIPWAY_AGENT_BUNDLES,
    concurrency: data.SLIPWAY_CONCURRENCY,
    stalledMs: data.SLIPWAY_STALLED_MS,
    redisUrl: data.REDIS_URL,
  };
};
