import { encodeTar, type TreeEntry } from '@slipway/components';
import { runTool } from './tool.ts';

/**
 * Writes a squashfs image, compressed as every kernel with squashfs can read it. Files keep their times.
 *
 * @param entries parents before children, hard links after their targets
 * @param seconds time of the image and of its root directory
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const writeSquashfs = async (
  entries: readonly TreeEntry[],
  { image, seconds }: { readonly image: string; readonly seconds: number },
): Promise<void> => {
  await runTool(
    'mksquashfs',
    [
      ['-', image, '-tar', '-noappend', '-quiet', '-no-progress', '-comp', 'gzip'],
      ['-mkfs-time', String(seconds)],
      // It would be that of whoever calls.
      ['-root-mode', '0755', '-root-uid', '0', '-root-gid', '0', '-root-time', String(seconds)],
    ],
    { stdin: encodeTar(entries) },
  );
};
