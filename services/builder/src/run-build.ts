import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pruneToSize } from '@slipway/components/cache';
import { requireRoom } from '@slipway/fleet/disk-space';
import { verifySource } from '@slipway/fleet/source-tree';
import { buildImage, withCancellation, type BuildOptions } from '@slipway/image';
import {
  AGENT_RUNTIMES,
  type BuildId,
  BuildRequest,
  type BuildResult,
  Digest,
  type JobProgress,
  SlipwayError,
  codeOf,
  explainStorage,
  messageOf,
} from '@slipway/protocol';
import { closeAttempt, earlierResult, openAttempt, publishAttempt } from './attempt-folder.ts';
import { openBuildLog } from './build-log.ts';
import { tellSteps } from './tell-steps.ts';
import type { BuilderConfig } from './config.ts';

export type RunBuild = {
  readonly config: Pick<
    BuilderConfig,
    | 'storeDir'
    | 'storeMinFreeBytes'
    | 'cacheDir'
    | 'cacheMaxBytes'
    | 'imagesDir'
    | 'agentBundles'
    | 'worker'
    | 'dockerfileBuilds'
  >;
  readonly buildId: BuildId;
  /** from 1 */
  readonly attempt: number;
  /** of the attempt alone, as nobody else has it */
  readonly attemptName: string;
  /** its reason is what the build ends with */
  readonly signal: AbortSignal;
  readonly progress: (progress: JobProgress) => void;
};

const parseRequest = (bytes: Uint8Array, buildId: BuildId): BuildRequest => {
  let request: BuildRequest;
  try {
    request = BuildRequest.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new SlipwayError(
      'REQUEST_INVALID',
      `build ${buildId}: request.json is not a build request: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (request.build !== buildId)
    throw new SlipwayError('REQUEST_INVALID', `build ${buildId}: its request is for ${request.build}`);
  return request;
};

/** The bundles that are there: the build says which one it lacks. */
const readAgents = async (folder: string): Promise<NonNullable<BuildOptions['agentBundles']>> => {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new SlipwayError('CONFIG_INVALID', `SLIPWAY_AGENT_BUNDLES: ${folder} cannot be read`, { cause });
  });
  const found = AGENT_RUNTIMES.filter((runtime) => names.includes(`${runtime}.mjs`));
  return Object.fromEntries(
    await Promise.all(
      found.map(async (runtime) => [runtime, await readFile(join(folder, `${runtime}.mjs`))] as const),
    ),
  );
};

/** Where components and files of the image are looked up. */
const sourceOf = async (
  { storeDir, imagesDir }: RunBuild['config'],
  { source }: BuildRequest,
): Promise<string> => {
  if (source !== undefined) return verifySource(storeDir, source);
  if (imagesDir !== undefined) return imagesDir;
  throw new SlipwayError(
    'CONFIG_INVALID',
    'the build names no source snapshot, and this worker has no image repository; set SLIPWAY_IMAGES',
  );
};

/** Ends as soon as the signal aborts, whatever the work is held up by. */
const orAborted = async <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => undefined);
  }
};

/**
 * Builds what `builds/{buildId}/request.json` asks for, in a folder of its own, and publishes it if no other attempt
 * has; otherwise the result is that of the other. After a failure only `build.log` stays.
 *
 * @throws {SlipwayError} of the build; the reason of the signal
 */
export const runBuild = async (run: RunBuild): Promise<BuildResult> => {
  const { config, buildId, signal } = run;
  const folder = join(config.storeDir, 'builds', buildId);
  const bytes = await readFile(join(folder, 'request.json')).catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `build ${buildId}: expected a request in the store`, { cause });
  });
  const request = parseRequest(bytes, buildId);
  const requestDigest = Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  const earlier = await earlierResult(folder, requestDigest);
  if (earlier !== undefined) return earlier;

  await requireRoom(folder, config.storeMinFreeBytes);
  await mkdir(config.cacheDir, { recursive: true });
  await requireRoom(config.cacheDir, config.storeMinFreeBytes, 'build cache');
  const log = openBuildLog(folder);
  const own = await openAttempt(folder, run.attemptName);
  const told = tellSteps(log.step, run.progress, () => performance.now());
  try {
    log.line(
      `building ${request.deviceClass} ${request.version} (${request.release}), attempt ${run.attempt} on ${config.worker}`,
    );
    const build = withCancellation(signal, async () =>
      buildImage({
        request,
        requestDigest,
        sourceDir: await sourceOf(config, request),
        cacheDir: config.cacheDir,
        workDir: join(own, 'work'),
        outDir: own,
        agentBundles: await readAgents(config.agentBundles),
        run: { worker: config.worker, attempt: run.attempt },
        dockerfileBuilds: config.dockerfileBuilds,
        keepsFormats: true,
        progress: (state) => {
          signal.throwIfAborted();
          told(state);
        },
        log: log.line,
      }),
    );
    const built = await orAborted(signal, build);
    await rm(join(own, 'work'), { recursive: true, force: true });
    const result = await publishAttempt(folder, own, built);
    log.line('done');
    return result;
  } catch (cause) {
    const error = signal.aborted ? signal.reason : explainStorage(cause, [folder, config.cacheDir]);
    log.line(`failed: ${codeOf(error)}: ${messageOf(error)}`);
    throw error;
  } finally {
    await closeAttempt(folder, own);
    if (config.cacheMaxBytes !== undefined)
      await pruneToSize(config.cacheDir, config.cacheMaxBytes).catch((error: unknown) =>
        log.line(`the cache could not be brought down to its size: ${messageOf(error)}`),
      );
    await log.close();
  }
};
