import { describe, expect, test } from 'vitest';
import { CHUNK_BYTES, Digest, type ManifestFile } from '@slipway/protocol';
import { downloadSize, fullSize } from './download-size.ts';

const digest = (text: string): Digest => Digest.parse(`sha256:${text.padEnd(64, '0')}`);
const file = (name: ManifestFile['name'], chunks: string, tail = CHUNK_BYTES): ManifestFile => ({
  name,
  size: (chunks.length - 1) * CHUNK_BYTES + tail,
  digest: digest('f'),
  chunks: Array.from(chunks, digest),
});
const bundle = (uki: string, root: string, tail?: number) => ({
  files: [file('uki.efi', uki, tail), file('root.img', root), file('sbom.cdx.json', 'a')],
});

describe('what a device loads', () => {
  test('is at most the slot and the UKI, never the list of contents', () => {
    expect(fullSize(bundle('ab', 'cde', 10))).toBe(4 * CHUNK_BYTES + 10);
  });

  test.each([
    ['the same release', bundle('ab', 'cde'), bundle('ab', 'cde'), 0],
    ['a chunk in the middle is another', bundle('ab', 'cde'), bundle('ab', 'cfe'), 1],
    ['chunks that moved are not found again', bundle('ab', 'cde'), bundle('ab', 'dec'), 3],
    ['a chunk of the other file is none of this one', bundle('ab', 'cde'), bundle('cd', 'cde'), 2],
    ['it grew', bundle('ab', 'cde'), bundle('ab', 'cdeab'), 2],
    ['it shrank', bundle('ab', 'cde'), bundle('a', 'c'), 0],
  ])('%s', (_what, from, to, chunks) => {
    const { bytes, reused } = downloadSize(from, to);
    expect(bytes).toBe(chunks * CHUNK_BYTES);
    expect(bytes + reused).toBe(fullSize(to));
  });

  test('counts the last chunk by its own length', () => {
    expect(downloadSize(bundle('ab', 'c', 7), bundle('ab', 'd', 7))).toEqual({
      bytes: CHUNK_BYTES,
      reused: CHUNK_BYTES + 7,
    });
  });
});
