import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { type RootHash, SlipwayError } from '@slipway/protocol';

const BLOCK_BYTES = 4096;
const HASHES_PER_BLOCK = BLOCK_BYTES / 32;

/** Blocks of the dm-verity tree over `dataBlocks` blocks, without superblock. */
export const treeBlocks = (dataBlocks: number): number => {
  let total = 0;
  for (let level = dataBlocks; level > 1;) {
    level = Math.ceil(level / HASHES_PER_BLOCK);
    total += level;
  }
  return total;
};

const mismatch = (why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SIGN_INPUT_MISMATCH',
    `root.img: ${why}. Treat the builder as compromised until explained; build again.`,
    { cause },
  );

/**
 * Reads every block of a root image and its tree and compares them with the root hash; the device's kernel will do
 * no other. The image ends with the tree: no byte of it is outside what the root hash vouches for.
 *
 * @param path of a copy that nobody else can write
 * @throws {SlipwayError} SIGN_INPUT_MISMATCH, TOOL_MISSING
 */
export const verifyVerity = async (path: string, rootHash: RootHash, dataBlocks: number): Promise<void> => {
  const { size } = await stat(path);
  const expected = (dataBlocks + treeBlocks(dataBlocks)) * BLOCK_BYTES;
  if (size !== expected)
    throw mismatch(`expected ${expected} bytes for ${dataBlocks} data blocks, found ${size}`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  execFile(
    'veritysetup',
    [
      'verify',
      '--no-superblock',
      '--salt=-',
      '--hash=sha256',
      `--data-block-size=${BLOCK_BYTES}`,
      `--hash-block-size=${BLOCK_BYTES}`,
      `--data-blocks=${dataBlocks}`,
      `--hash-offset=${dataBlocks * BLOCK_BYTES}`,
      path,
      path,
      rootHash,
    ],
    { env: { PATH: [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter), LC_ALL: 'C' } },
    (error, _stdout, stderr) => {
      if (error === null) resolve();
      else if (error.code === 'ENOENT') {
        reject(
          new SlipwayError(
            'TOOL_MISSING',
            'veritysetup is not installed; install the package cryptsetup-bin.',
            {
              cause: error,
            },
          ),
        );
      } else
        reject(
          mismatch(`expected root hash ${rootHash}; veritysetup says: ${stderr.trim().slice(-500)}`, error),
        );
    },
  );
  return promise;
};
