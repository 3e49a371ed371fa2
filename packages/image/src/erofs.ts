import { encodeTar, type TreeEntry } from '@slipway/components';
import { runTool } from './tool.ts';

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
  { image, uuid, seconds }: { readonly image: string; readonly uuid: string; readonly seconds: number },
): Promise<void> => {
  await runTool(
    'mkfs.erofs',
    ['--quiet', '--tar=f', '--sort=none', '-E^inline_data', `-T${seconds}`, `-U${uuid}`, image],
    { stdin: encodeTar(entries) },
  );
};
