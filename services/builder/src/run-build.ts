import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { verifySource } from '@slipway/fleet/source-tree';
import { buildImage, type BuildOptions } from '@slipway/image';
import {
  AGENT_RUNTIMES,
  ArtifactName,
  type BuildId,
  BuildRequest,
  BuildResult,
  Digest,
  type JobProgress,
  SlipwayError,
  codeOf,
  explainStorage,
  messageOf,
} from '@slipway/protocol';
import type { BuilderConfig } from './config.ts';

export type RunBuild = {
  readonly config: Pick<BuilderConfig, 'storeDir' | 'cacheDir' | 'imagesDir' | 'agentBundles'>;
  readonly buildId: BuildId;
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

/** @returns what a worker that died after its work left, if it is of this very request */
const earlierResult = async (folder: string, request: Digest): Promise<BuildResult | undefined> => {
  const text = await readFile(join(folder, 'result.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const result = BuildResult.safeParse(JSON.parse(text));
  return result.success && result.data.request === request ? result.data : undefined;
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

/**
 * Builds what `builds/{buildId}/request.json` asks for. Artifacts are made in a scratch directory beside the build and
 * renamed into it once all are complete, `result.json` last; after a failure only `build.log` stays. A build whose
 * result is there already is not built again: others may be reading it.
 *
 * @throws {SlipwayError} of the build
 */
export const runBuild = async ({ config, buildId, progress }: RunBuild): Promise<BuildResult> => {
  const folder = join(config.storeDir, 'builds', buildId);
  const bytes = await readFile(join(folder, 'request.json')).catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `build ${buildId}: expected a request in the store`, { cause });
  });
  const request = parseRequest(bytes, buildId);
  const requestDigest = Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  const earlier = await earlierResult(folder, requestDigest);
  if (earlier !== undefined) return earlier;

  const logFile = createWriteStream(join(folder, 'build.log'), { flags: 'a' });
  // A log that cannot be written, because the disk is full, must not end the worker, nor hide what ends the build.
  logFile.on('error', () => undefined);
  const log = (line: string): void => {
    logFile.write(`${new Date().toISOString()} ${line}\n`);
  };
  // What a killed worker left is of no use: builds start over.
  const scratch = join(folder, 'scratch');
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  try {
    log(`building ${request.deviceClass} ${request.version} (${request.release})`);
    const out = join(scratch, 'out');
    const result = await buildImage({
      request,
      requestDigest,
      sourceDir:
        request.source === undefined ? config.imagesDir : await verifySource(config.storeDir, request.source),
      cacheDir: config.cacheDir,
      workDir: join(scratch, 'work'),
      outDir: out,
      agentBundles: await readAgents(config.agentBundles),
      progress: (state) => {
        log(`${state.step} (${state.percent} %)`);
        progress(state);
      },
      log,
    });
    for (const { name } of result.artifacts) await rename(join(out, name), join(folder, name));
    await writeFile(join(scratch, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
    await rename(join(scratch, 'result.json'), join(folder, 'result.json'));
    log('done');
    return result;
  } catch (cause) {
    const error = explainStorage(cause, [folder, config.cacheDir]);
    log(`failed: ${codeOf(error)}: ${messageOf(error)}`);
    for (const name of ArtifactName.options) await rm(join(folder, name), { force: true });
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    logFile.end();
    await finished(logFile).catch(() => undefined);
  }
};
