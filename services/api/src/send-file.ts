import { open } from 'node:fs/promises';
import type { FastifyReply } from 'fastify';
import { SlipwayError } from '@slipway/protocol';

type Sent = {
  readonly path: string;
  readonly type: string;
  /** of the file as the other side will save it; absent: shown, not saved */
  readonly name?: string;
  readonly digest?: string;
  /** bytes to leave out */
  readonly from?: number;
};

/** Streams a file of the artifact store. @throws {SlipwayError} NOT_FOUND */
export const sendFile = async (reply: FastifyReply, { path, type, name, digest, from = 0 }: Sent) => {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new SlipwayError('NOT_FOUND', 'The file is not in the artifact store (yet).', { cause });
  });
  const { size } = await file.stat();
  const start = Math.min(from, size);
  reply.type(type).header('content-length', size - start);
  if (name !== undefined) reply.header('content-disposition', `attachment; filename="${name}"`);
  if (digest !== undefined) reply.header('etag', `"${digest}"`);
  if (start === size) {
    await file.close();
    return reply.send('');
  }
  // `end`: a log grows while it is read, and must not outgrow its content-length.
  return reply.send(file.createReadStream({ start, end: size - 1 }));
};
