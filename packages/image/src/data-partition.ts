import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { uuidOf } from '@slipway/sbom';
import { runTool } from './tool.ts';

const CONFIGURATION = fileURLToPath(new URL('../ext4/mke2fs.conf', import.meta.url));

/**
 * Makes a file of so many bytes with an empty ext4 called `data` in it, whatever the machine makes others with.
 *
 * @param file must not exist
 * @param owner what its identifier is made of: the class, or the name of the image
 * @param time seconds
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const makeDataPartition = async (
  file: string,
  size: number,
  owner: string,
  time: number,
): Promise<void> => {
  {
    await using created = await open(file, 'wx');
    await created.truncate(size);
  }
  const uuid = uuidOf(`data ${owner}`);
  await runTool(
    'mkfs.ext4',
    [
      ['-q', '-F', '-L', 'data', '-U', uuid, '-m', '0'],
      ['-E', `hash_seed=${uuid},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0`],
      file,
      `${size / 1024}k`,
    ],
    // Both spellings: which one e2fsprogs heeds depends on its version.
    {
      env: {
        MKE2FS_CONFIG: CONFIGURATION,
        SOURCE_DATE_EPOCH: String(time),
        E2FSPROGS_FAKE_TIME: String(time),
      },
    },
  );
};
