import { createHash } from 'node:crypto';
import { contentSize, readRange, type Content, type Tree } from '@slipway/components';
import type { ImageFile } from '@slipway/image-spec';
import { Digest } from '@slipway/protocol';
import type { NamedDigest } from '@slipway/sbom';

const CHUNK_BYTES = 1024 * 1024;

const digestOf = (content: Content): Digest => {
  const hash = createHash('sha256');
  const size = contentSize(content);
  for (let at = 0; at < size; at += CHUNK_BYTES) hash.update(readRange(content, at, CHUNK_BYTES));
  return Digest.parse(`sha256:${hash.digest('hex')}`);
};

/** Files of the building machine that are in the image by `source` of a file, under the names that they have there. */
export const sourceFiles = ({ files }: Pick<ImageFile, 'files'>, tree: Tree): NamedDigest[] =>
  [...tree.values()].flatMap((entry) => {
    if (entry.type !== 'file' || entry.source !== 'linuxkit.files') return [];
    const [, index] = /^files\[(\d+)\]$/.exec(entry.location ?? '') ?? [];
    const source = index === undefined ? undefined : files[Number(index)]?.source;
    return source === undefined ? [] : [{ name: source, digest: digestOf(entry.content) }];
  });
