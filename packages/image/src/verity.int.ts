import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestFile } from './digest-file.ts';
import { appendVerity, BLOCK_BYTES } from './verity.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-verity-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Blocks that differ, without the time that noise takes. */
const differing = (blocks: number): Buffer => {
  const bytes = Buffer.alloc(blocks * BLOCK_BYTES, 'content ');
  for (let block = 0; block < blocks; block += 1) bytes.writeUInt32LE(block, block * BLOCK_BYTES);
  return bytes;
};

/** One block; a whole level; one more; two levels and a part of a third. */
test.each([1, 128, 129, 128 * 128 + 5])(
  'of %d blocks, the last one cut, the tree is that of veritysetup',
  async (blocks) => {
    const ours = join(folder, `ours-${blocks}`);
    const theirs = join(folder, `theirs-${blocks}`);
    await writeFile(ours, differing(blocks).subarray(7));
    await copyFile(ours, theirs);
    execFileSync('truncate', ['--size', String(blocks * BLOCK_BYTES), theirs]);
    const said = execFileSync(
      '/usr/sbin/veritysetup',
      [
        'format',
        '--no-superblock',
        '--salt=-',
        `--data-blocks=${blocks}`,
        `--hash-offset=${blocks * BLOCK_BYTES}`,
        theirs,
        theirs,
      ],
      { encoding: 'utf8' },
    );
    const { rootHash, dataBlocks, digest, size } = await appendVerity(ours);
    expect(said).toContain(rootHash);
    expect(dataBlocks).toBe(blocks);
    expect((await readFile(ours)).equals(await readFile(theirs))).toBe(true);
    expect({ digest, size }).toEqual({ digest: await digestFile(theirs), size: (await stat(theirs)).size });
  },
);

test('a tree that the disk has no room for is an error, though part of it was taken', async () => {
  const image = join(folder, 'full');
  await writeFile(image, differing(129));
  const script =
    "const { appendVerity } = await import(process.argv[1]); await appendVerity(process.argv[2]).then(() => console.log('written'), ({ code }) => console.log(code));";
  const words = [process.execPath, '--input-type=module', '--eval', script];
  // In KiB: the data, and the first of the three blocks of the tree.
  const limit = `ulimit -f ${130 * 4}; exec "$@"`;
  const said = execFileSync(
    'bash',
    ['-c', limit, 'limited', ...words, join(import.meta.dirname, 'verity.ts'), image],
    { encoding: 'utf8' },
  );
  expect(said.trim()).toBe('EFBIG');
  expect((await stat(image)).size).toBe(130 * BLOCK_BYTES);
});
