import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDataPartition } from './data-partition.ts';

const MIB = 1024 * 1024;
const TIME = 1_790_000_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-ext4-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** By a process that sees another file as the configuration of the machine. */
const makeElsewhere = (file: string, configuration: string): void => {
  const script =
    'const { makeDataPartition } = await import(process.argv[1]); await makeDataPartition(process.argv[2], Number(process.argv[3]), "edge", Number(process.argv[4]));';
  const words = `--dev-bind / / --ro-bind ${configuration} /etc/mke2fs.conf -- ${process.execPath} --input-type=module --eval`;
  const module = join(import.meta.dirname, 'data-partition.ts');
  execFileSync('bwrap', words.split(' ').concat(script, module, file, String(8 * MIB), String(TIME)));
};

test('has the same bytes whatever /etc/mke2fs.conf says', async () => {
  const configuration = join(folder, 'other.conf');
  await writeFile(
    configuration,
    '[defaults]\n\tbase_features = sparse_super,filetype\n\tblocksize = 2048\n\tinode_size = 128\n',
  );
  const [here, elsewhere] = [join(folder, 'here'), join(folder, 'elsewhere')];
  await makeDataPartition(here, 8 * MIB, 'edge', TIME);
  makeElsewhere(elsewhere, configuration);
  expect((await readFile(elsewhere)).equals(await readFile(here))).toBe(true);
});

test.each([
  [8, 1024],
  [512, 4096],
])('%i MiB have blocks of %i bytes, and what Debian gives an ext4', async (mib, blockSize) => {
  const file = join(folder, `${mib}`);
  await makeDataPartition(file, mib * MIB, 'edge', TIME);
  const said = execFileSync('/usr/sbin/dumpe2fs', ['-h', file], { encoding: 'utf8', stdio: 'pipe' });
  expect(said).toMatch(new RegExp(`^Block size: +${blockSize}$`, 'm'));
  expect(said).toMatch(
    /^Filesystem features: +has_journal ext_attr resize_inode dir_index orphan_file filetype extent 64bit flex_bg metadata_csum_seed sparse_super large_file huge_file dir_nlink extra_isize metadata_csum$/m,
  );
  execFileSync('/usr/sbin/e2fsck', ['-fn', file], { stdio: 'pipe' });
});
