import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { buildImage } from '@slipway/image';
import {
  type BuildId,
  BuildRequest,
  type BuildResult,
  Digest,
  type JobProgress,
  SlipwayError,
  codeOf,
  messageOf,
} from '@slipway/protocol';
import type { BuilderConfig } from './config.ts';

export type RunBuild = {
  readonly config: BuilderConfig;
  readonly buildId: BuildId;
  readonly progress: (progress: JobProgress) => void;
};

/**
 * Builds what `builds/{buildId}/request.json` asks for. Artifacts are made in a scratch directory beside the build and
 * renamed into it once all are complete, `result.json` last; after a failure only `build.log` stays.
 *
 * @throws {SlipwayError} of the build
 */
export const runBuild = async ({ config, buildId, progress }: RunBuild): Promise<BuildResult> => {
  const folder = join(config.storeDir, 'builds', buildId);
  const bytes = await readFile(join(folder, 'request.json')).catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `build ${buildId}: expected a request in the store`, { cause });
  });
  const request = BuildRequest.parse(JSON.parse(bytes.toString()));
  if (request.build !== buildId)
    throw new SlipwayError('BUILD_FAILED', `build ${buildId}: its request is for ${request.build}`);

  const logFile = createWriteStream(join(folder, 'build.log'), { flags: 'w' });
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
      requestDigest: Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`),
      sourceDir: config.imagesDir,
      cacheDir: config.cacheDir,
      workDir: join(scratch, 'work'),
      outDir: out,
      agentBundle: await readFile(config.agentBundle),
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
  } catch (error) {
    log(`failed: ${codeOf(error)}: ${messageOf(error)}`);
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    logFile.end();
    await finished(logFile);
  }
};
