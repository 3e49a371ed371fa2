import { uuidOf } from '@slipway/sbom';
import type { Place } from './partition-disk.ts';
import { runTool } from './tool.ts';

/**
 * Makes an empty ext4 called `data` inside a disk image.
 *
 * @param owner what its identifier is made of: the class, or the name of the image
 * @param time seconds
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const makeDataPartition = async (
  disk: string,
  { offset, size }: Place,
  owner: string,
  time: number,
): Promise<void> => {
  const uuid = uuidOf(`data ${owner}`);
  await runTool(
    'mkfs.ext4',
    [
      ['-q', '-F', '-L', 'data', '-U', uuid, '-m', '0'],
      ['-E', `offset=${offset},hash_seed=${uuid},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0`],
      disk,
      `${size / 1024}k`,
    ],
    // Both spellings: which one e2fsprogs heeds depends on its version.
    { env: { SOURCE_DATE_EPOCH: String(time), E2FSPROGS_FAKE_TIME: String(time) } },
  );
};
