import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnrecoverableError, Worker } from 'bullmq';
import { redisOptions } from '@slipway/fleet';
import { until } from '@slipway/fleet/testing';
import {
  BuildJob,
  buildQueue,
  BuildRequest,
  CONTENTS_NAME,
  Digest,
  QualifyJob,
  qualifyQueue,
  SBOM_NAME,
  SIGN_QUEUE,
  SignJob,
  type QualifyResult,
} from '@slipway/protocol';

const digestOf = (bytes: Buffer): Digest =>
  Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

/**
 * What stands behind the queues, as far as the API can see it: jobs with ids in, files and return values out. What
 * builder and signer really do is tested where they are.
 */
export const startWorkers = (
  redisUrl: string,
  storeDir: string,
  change: {
    readonly result?: Record<string, unknown>;
    /** the list of what is in it, by its version */
    readonly sbom?: (version: string) => string;
    /** `contents.jsonl.gz` */
    readonly contents?: Buffer;
    readonly fail?: string;
    /** a build that waits until another one was built */
    readonly last?: string;
  } = {},
) => {
  const built: string[] = [];
  const signed: string[] = [];
  const connection = redisOptions(redisUrl);
  const builder = new Worker(
    buildQueue('amd64', []),
    async (job) => {
      const { buildId } = BuildJob.parse(job.data);
      if (buildId === change.last) await until('another build', () => built.length > 0 || undefined);
      built.push(buildId);
      if (change.fail !== undefined) throw new UnrecoverableError(change.fail);
      await job.updateProgress({ step: 'root', percent: 40 });
      const folder = join(storeDir, 'builds', buildId);
      const bytes = await readFile(join(folder, 'request.json'));
      const request = BuildRequest.parse(JSON.parse(bytes.toString()));
      const artifact = Buffer.from(`uki of ${request.version}`);
      const sbom = Buffer.from(change.sbom?.(request.version) ?? '');
      await writeFile(join(folder, 'uki.efi'), artifact);
      await writeFile(join(folder, SBOM_NAME), sbom);
      if (change.contents !== undefined) await writeFile(join(folder, CONTENTS_NAME), change.contents);
      await writeFile(join(folder, 'build.log'), 'resolved\nassembled\n');
      const result = {
        v: 1,
        build: buildId,
        release: request.release,
        version: request.version,
        counter: request.counter,
        deviceClass: request.deviceClass,
        arch: 'amd64',
        timeFloor: request.timeFloor,
        rootHash: 'ab'.repeat(32),
        verityDataBlocks: 1,
        artifacts: [
          { name: 'uki.efi', size: artifact.length, digest: digestOf(artifact) },
          ...(change.sbom === undefined
            ? []
            : [{ name: SBOM_NAME, size: sbom.length, digest: digestOf(sbom) }]),
          ...(change.contents === undefined
            ? []
            : [{ name: CONTENTS_NAME, size: change.contents.length, digest: digestOf(change.contents) }]),
        ],
        request: digestOf(bytes),
        components: [],
        ...change.result,
      };
      await writeFile(join(folder, 'result.json'), JSON.stringify(result));
    },
    { connection, concurrency: 2 },
  );
  const signer = new Worker(
    SIGN_QUEUE,
    async (job) => {
      const { buildId } = SignJob.parse(job.data);
      signed.push(buildId);
      const request = await readFile(join(storeDir, 'builds', buildId, 'request.json'), 'utf8');
      const { release } = BuildRequest.parse(JSON.parse(request));
      const bundle = Buffer.from(`bundle of ${release}`);
      await mkdir(join(storeDir, 'bundles'), { recursive: true });
      await writeFile(join(storeDir, 'bundles', `${release}.tar`), bundle);
      const digest = digestOf(bundle);
      return { v: 1, release, bundle: { digest, size: bundle.length }, manifest: digest };
    },
    { connection },
  );
  return {
    /** ids of builds in the order in which they were taken, again for each time */
    built,
    signed,
    close: async () => {
      await Promise.all([builder.close(), signer.close()]);
    },
  };
};

type Said = Pick<QualifyResult, 'state'> & Partial<QualifyResult>;
/** The same of qualifications: what one would say. */
export const startQualifier = (redisUrl: string, say: (job: QualifyJob) => Said | Promise<Said>) =>
  new Worker(
    qualifyQueue('amd64'),
    async (job) => {
      const asked = QualifyJob.parse(job.data);
      const { release, from } = asked;
      const nothing = { reason: null, code: null, message: null, steps: [] };
      return { v: 1, release, from: from?.release ?? null, ...nothing, ...(await say(asked)) };
    },
    { connection: redisOptions(redisUrl) },
  );
