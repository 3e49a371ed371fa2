import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SlipwayError, type Artifact } from '@slipway/protocol';
import type { Progress } from './build-progress.ts';

export type Download = {
  readonly artifact: Artifact;
  /** as the client asks for it */
  readonly get: (options: {
    readonly signal: AbortSignal;
    readonly headers: Record<string, string>;
  }) => Promise<Response>;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
};

/** @param whose such as `Build bld_…` @throws {SlipwayError} NOT_FOUND */
export const artifactNamed = (artifacts: readonly Artifact[], name: string, whose: string): Artifact => {
  const found = artifacts.find((one) => one.name === name);
  if (found !== undefined) return found;
  const known = artifacts.map((one) => one.name).join(', ') || 'none (any more)';
  throw new SlipwayError('NOT_FOUND', `${whose} has no artifact ${name}; it has: ${known}.`);
};

const digestFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
};

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    (info) => info.size,
    () => 0,
  );

/** Goes on with what an earlier download left, and gives the file its name once its digest is the one on record. */
export const downloadArtifact = async ({
  artifact,
  get,
  path,
  signal,
  progress,
}: Download): Promise<Artifact & { readonly path: string }> => {
  const { name, size, digest } = artifact;
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true });
  const have = await sizeOf(part);
  if (have < size) {
    const answer = await get({
      signal,
      headers: have === 0 ? {} : { range: `bytes=${have}-`, 'if-range': `"${digest}"` },
    });
    const goesOn = answer.status === 206;
    let done = goesOn ? have : 0;
    const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        done += chunk.length;
        progress({ step: name, percent: (done / size) * 100, bytes: { done, total: size } });
        yield chunk;
      }
    };
    if (answer.body !== null)
      await pipeline(
        Readable.fromWeb(answer.body),
        counted,
        createWriteStream(part, { flags: goesOn ? 'a' : 'w' }),
        { signal },
      );
  }
  const found = await digestFile(part);
  if (found !== digest) {
    await rm(part, { force: true });
    throw new SlipwayError(
      'BUNDLE_DIGEST_MISMATCH',
      `${name}: expected ${digest}, received ${found}; nothing was kept. Download it again; if it recurs, find out who writes into the store.`,
    );
  }
  await rename(part, path);
  return { ...artifact, path };
};
