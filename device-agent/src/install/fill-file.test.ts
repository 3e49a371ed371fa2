import { CHUNK_BYTES, Digest, SlipwayError } from '@slipway/protocol';
import { expect, test } from 'vitest';
import type { OpenFile } from '../runtime/port.ts';
import { fillFile } from './fill-file.ts';
import { volatileJournal } from './journal.ts';

const digestNamed = (digit: string): Digest => Digest.parse(`sha256:${digit.repeat(64)}`);

/** Three chunks; the digest of one is known only when it is told. */
const fill = () => {
  const file = {
    name: 'root.img' as const,
    size: 3 * CHUNK_BYTES,
    digest: digestNamed('f'),
    chunks: [digestNamed('0'), digestNamed('1'), digestNamed('2')],
  };
  const written: number[] = [];
  const target: OpenFile = {
    read: async () => new Uint8Array(),
    write: async (offset) => {
      written.push(offset / CHUNK_BYTES);
    },
    truncate: async () => undefined,
    sync: async () => undefined,
    close: async () => undefined,
  };
  const slow = Promise.withResolvers<string>();
  const slowAsked = Promise.withResolvers<undefined>();
  const work = fillFile({
    file,
    target,
    journal: volatileJournal(3),
    digest: async (bytes) => {
      if (bytes[0] !== 1) return digestNamed(String(bytes[0]));
      slowAsked.resolve(undefined);
      return slow.promise;
    },
    fetch: async (offset) => {
      const chunk = offset / CHUNK_BYTES;
      if (chunk === 2) {
        await slowAsked.promise;
        throw new SlipwayError('DOWNLOAD_FAILED', 'the server refuses');
      }
      return new Uint8Array(CHUNK_BYTES).fill(chunk);
    },
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  return { work, written, finish: slow.resolve };
};

test('nothing is written any more once a chunk has failed, whatever is still on its way', async () => {
  const { work, written, finish } = fill();
  await expect(work).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  finish(digestNamed('1'));
  // What is on its way takes a few turns of the promises.
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  expect(written).toEqual([0]);
});
