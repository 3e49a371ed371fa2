import { encodeTar, type TreeEntry } from '@slipway/components';
import { runTool } from './tool.ts';

export type ErofsImage = { readonly image: string; readonly uuid: string; readonly seconds: number };

/** mkfs.erofs would let everybody write to a root directory that is not in the tar. */
const withRoot = (entries: readonly TreeEntry[], seconds: number): Iterable<Uint8Array> =>
  encodeTar([
    { path: '.', type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: seconds, source: 'slipway' },
    ...entries,
  ]);

/**
 * Writes an uncompressed erofs image. Data lies in the order of the entries and the metadata behind it, so two images
 * that differ in their last files have the same bytes at the same offsets up to there. Tails are not inlined: they would
 * move what follows.
 *
 * @param entries parents before children, hard links after their targets
 * @param seconds time of the image and of every file in it
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const writeErofs = async (
  entries: readonly TreeEntry[],
  { image, uuid, seconds }: ErofsImage,
): Promise<void> => {
  await runTool(
    'mkfs.erofs',
    ['--quiet', '--tar=f', '--sort=none', '-E^inline_data', `-T${seconds}`, `-U${uuid}`, image],
    { stdin: withRoot(entries, seconds) },
  );
};

/**
 * Writes a compressed erofs image whose files keep their times: for an image that is written as a whole, and small.
 *
 * @param entries parents before children, hard links after their targets
 * @param seconds time of the image
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const writeCompressedErofs = async (
  entries: readonly TreeEntry[],
  { image, uuid, seconds }: ErofsImage,
): Promise<void> => {
  // lz4: what every kernel with erofs can read.
  const args = ['--quiet', '--tar=f', '--sort=none', '-zlz4hc,9', '-C65536', '--mkfs-time'];
  await runTool('mkfs.erofs', [...args, `-T${seconds}`, `-U${uuid}`, image], {
    stdin: withRoot(entries, seconds),
  });
};

/** Which erofs-utils write: another version may write other bytes. */
export const erofsVersion = async (): Promise<string> =>
  (await runTool('mkfs.erofs', ['--version'])).toString().split('\n')[0] ?? '';
