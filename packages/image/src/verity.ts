import { stat, truncate } from 'node:fs/promises';
import { RootHash, SlipwayError } from '@slipway/protocol';
import { runTool } from './tool.ts';

export const BLOCK_BYTES = 4096;

export type Verity = {
  readonly rootHash: RootHash;
  /** 4096-byte blocks of data; the tree starts right after them */
  readonly dataBlocks: number;
};

/**
 * Appends the dm-verity tree to a file system image, padding it to whole blocks first. No salt and no superblock: the
 * same data gives the same tree, and a device needs nothing but the root hash and the number of blocks.
 *
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const appendVerity = async (image: string): Promise<Verity> => {
  const dataBlocks = Math.ceil((await stat(image)).size / BLOCK_BYTES);
  await truncate(image, dataBlocks * BLOCK_BYTES);
  const said = await runTool('veritysetup', [
    'format',
    '--no-superblock',
    '--salt=-',
    '--hash=sha256',
    `--data-block-size=${BLOCK_BYTES}`,
    `--hash-block-size=${BLOCK_BYTES}`,
    `--data-blocks=${dataBlocks}`,
    `--hash-offset=${dataBlocks * BLOCK_BYTES}`,
    image,
    image,
  ]);
  const rootHash = /^Root hash:\s*([0-9a-f]{64})$/m.exec(said.toString())?.[1];
  if (rootHash === undefined)
    throw new SlipwayError('TOOL_FAILED', `veritysetup printed no root hash: ${said.toString().trim()}`);
  return { rootHash: RootHash.parse(rootHash), dataBlocks };
};
