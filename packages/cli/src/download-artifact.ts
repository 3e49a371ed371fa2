import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from '@slipway/client';
import { SlipwayError } from '@slipway/protocol';

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
export const downloadArtifact = async (
  client: Client,
  id: string,
  name: string,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly size: number; readonly digest: string }> => {
  const artifacts = await client.builds.listArtifacts(id);
  const artifact = artifacts.find((one) => one.name === name);
  if (artifact === undefined)
    throw new SlipwayError(
      'NOT_FOUND',
      `Build ${id} has no artifact ${name}; it has: ${artifacts.map((one) => one.name).join(', ') || 'none yet'}.`,
    );
  const part = `${path}.part`;
  const have = await sizeOf(part);
  if (have < artifact.size) {
    const answer = await client.builds.getArtifact(id, name, {
      signal,
      headers: have === 0 ? {} : { range: `bytes=${have}-`, 'if-range': `"${artifact.digest}"` },
    });
    const flags = answer.status === 206 ? 'a' : 'w';
    if (answer.body !== null)
      await pipeline(Readable.fromWeb(answer.body), createWriteStream(part, { flags }), {
        signal,
      });
  }
  const found = await digestFile(part);
  if (found !== artifact.digest) {
    await rm(part, { force: true });
    throw new SlipwayError(
      'BUNDLE_DIGEST_MISMATCH',
      `${name}: expected ${artifact.digest}, received ${found}; nothing was kept. Download it again; if it recurs, find out who writes into the store.`,
    );
  }
  await rename(part, path);
  return artifact;
};
