import { open } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SlipwayError, type Digest } from '@slipway/protocol';
import { parseRange } from './byte-range.ts';

type Artifact = {
  readonly path: string;
  readonly name: string;
  readonly digest: Digest;
  readonly size: number;
};

/**
 * Streams an artifact, or the part of it that is asked for; who has it already is told so.
 *
 * @throws {SlipwayError} NOT_FOUND; SIGN_INPUT_MISMATCH where the file has not the size that is on record
 */
export const sendArtifact = async (request: FastifyRequest, reply: FastifyReply, artifact: Artifact) => {
  const { path, name, digest, size } = artifact;
  const etag = `"${digest}"`;
  reply
    .header('etag', etag)
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, immutable, max-age=31536000');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  const given = request.headers['if-range'];
  const ifRange = typeof given === 'string' ? given : undefined;
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', `${name} is no longer in the artifact store.`, { cause });
  });
  const found = (await file.stat()).size;
  if (found !== size) {
    await file.close();
    throw new SlipwayError(
      'SIGN_INPUT_MISMATCH',
      `${name}: expected ${size} bytes, as its digest was taken of, found ${found}; find out who writes into the store, and build again.`,
    );
  }
  const range = parseRange(request.headers.range, size, etag, ifRange);
  if (range === 'unsatisfiable') {
    await file.close();
    return reply.code(416).header('content-range', `bytes */${size}`).send('');
  }
  reply
    .type('application/octet-stream')
    .header('content-disposition', `attachment; filename="${name}"`)
    .header(
      'repr-digest',
      `sha-256=:${Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64')}:`,
    );
  const { start, end } = range === 'whole' ? { start: 0, end: size - 1 } : range;
  reply.header('content-length', end - start + 1);
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  if (size === 0) {
    await file.close();
    return reply.send('');
  }
  return reply.send(file.createReadStream({ start, end }));
};
