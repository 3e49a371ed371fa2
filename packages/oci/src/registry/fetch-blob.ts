import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { mismatch, type Expected } from '../checked-stream.ts';
import { failure } from '../failures.ts';
import { attempt, TryAgain } from './attempt.ts';
import { attemptsAt, type RepositoryContext } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { abandon, drop, type Answer } from './http.ts';
import { askRepository } from './repository.ts';

const LOG_EVERY_BYTES = 64 * 1024 * 1024;

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** Where a partial answer begins. */
const startOf = (answer: Answer): number | undefined => {
  const start = /^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
};

/**
 * Fetches a blob into a file. A connection that breaks is taken up where it broke; never more bytes are read than the
 * blob has; the file is right when this returns.
 *
 * @throws {SlipwayError} COMPONENT_DIGEST_MISMATCH, COMPONENT_NOT_FOUND, REGISTRY_…
 */
export const fetchBlob = async (
  context: RepositoryContext,
  endpoint: Endpoint,
  expected: Expected,
  file: string,
): Promise<void> => {
  const { registries, ref, signal, log } = context;
  const { digest, size } = expected;
  const { host } = endpoint;
  const short = digest.slice(0, 19);
  log(`${ref}: fetching ${short} from ${host}, ${mebibytes(size)}`);
  const handle = await open(file, 'w');
  try {
    let hash = createHash('sha256');
    let done = 0;
    const restart = async (): Promise<void> => {
      await handle.truncate(0);
      hash = createHash('sha256');
      done = 0;
    };
    const receive = async (answer: Answer): Promise<void> => {
      const { body } = answer;
      const announced = answer.status === 200 ? answer.header('content-length') : undefined;
      if (announced !== undefined && Number(announced) !== size) {
        abandon(body);
        throw mismatch(ref, expected, `${announced} bytes at ${host}`);
      }
      for await (const chunk of body as AsyncIterable<Buffer>) {
        // Leaving the loop closes the connection.
        if (done + chunk.length > size) throw mismatch(ref, expected, `more than ${size} bytes at ${host}`);
        hash.update(chunk);
        await handle.write(chunk, 0, chunk.length, done);
        const before = done;
        done += chunk.length;
        if (Math.floor(before / LOG_EVERY_BYTES) < Math.floor(done / LOG_EVERY_BYTES))
          log(`${ref}: ${short}: ${mebibytes(done)} of ${mebibytes(size)}`);
      }
      if (done < size)
        throw new TryAgain(
          failure('REGISTRY_UNREACHABLE', ref, `${host} sent ${done} of ${size} bytes of ${digest}`),
        );
    };
    await attempt(
      {
        retry: registries.retry,
        attempts: attemptsAt(endpoint, context),
        ref,
        host,
        signal,
        log,
        progress: () => done,
      },
      async () => {
        // Broken after the last byte: there is nothing left to ask for.
        if (done === size && size > 0) return;
        const answer = await askRepository(context, endpoint, `blobs/${digest}`, {
          method: 'GET',
          headers: done === 0 ? {} : { range: `bytes=${done}-` },
        });
        if (answer.status === 206 && startOf(answer) !== done) {
          await drop(answer.body);
          await restart();
          throw new TryAgain(
            failure(
              'REGISTRY_UNREACHABLE',
              ref,
              `${host} sent another part of ${digest} than it was asked for`,
            ),
          );
        }
        if (answer.status === 200 && done > 0) await restart();
        await receive(answer);
      },
    );
    const found = `sha256:${hash.digest('hex')}`;
    if (found !== digest) throw mismatch(ref, expected, `${found} at ${host}`);
  } finally {
    await handle.close();
  }
};
