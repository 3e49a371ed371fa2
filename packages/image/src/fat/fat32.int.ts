import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContent } from '@slipway/components';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPieces } from '../disk-runs.ts';
import { noise } from '../fixture/parts.ts';
import { writePieces } from '../outputs/write-file.ts';
import { fatRuns, type FatFile } from './fat32.ts';

const MIB = 1024 * 1024;
/** Seconds of 2024-02-29T12:34:56Z. */
const TIME = 1_709_210_096;
const env = { ...process.env, TZ: 'UTC', MTOOLS_SKIP_CHECK: '1' };
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { env, encoding: 'utf8', maxBuffer: 64 * MIB });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-fat-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const make = async (
  name: string,
  files: readonly FatFile[],
  size = 40 * MIB,
  offset = 0,
): Promise<string> => {
  const path = join(folder, name);
  const runs = fatRuns(files, { offset, size, label: 'ESP', volumeId: 0x1234_abcd, time: TIME });
  await writePieces(path, runPieces(runs, offset + size), { sparse: true });
  return path;
};

const FILES: FatFile[] = [
  { path: 'EFI/BOOT/BOOTX64.EFI', content: noise('loader', 100_000) },
  { path: 'EFI/Linux/slot-a.efi', content: noise('uki', 300_001) },
  { path: 'loader/loader.conf', content: Buffer.from('timeout 0\n') },
  { path: 'empty', content: Buffer.alloc(0) },
  // More than a cluster of names, of which many have the same first eight letters.
  ...Array.from({ length: 120 }, (_, index) => ({
    path: `overlays/vc4-kms-dsi-panel-${index}.dtbo`,
    content: Buffer.from(`overlay ${index}`),
  })),
  { path: 'name with ümläuts and more than twenty-six units.text', content: Buffer.from('long') },
];

describe.each([
  ['of clusters of one sector', 40 * MIB, 0],
  ['of clusters of eight sectors, inside a disk', 512 * MIB, MIB],
])('a file system %s', (title, size, offset) => {
  let image: string;
  beforeAll(async () => {
    image = await make(title, FILES, size, offset);
  });

  test('is sound to fsck.fat, free clusters counted', async () => {
    const alone = offset === 0 ? image : await make(`${title} alone`, FILES, size);
    const said = run('/usr/sbin/fsck.fat', '-nv', alone);
    expect(said).toMatch(new RegExp(`: ${FILES.length + 6} files, `));
    expect(said).not.toMatch(/differ|wrong|bad|dirty/i);
  });

  test('is read by mtools under its names', async () => {
    const drive = `${image}@@${offset}`;
    const listing = run('mdir', '-i', drive, '-/', '-b', '::/').trim().split('\n');
    const folders = ['EFI', 'EFI/BOOT', 'EFI/Linux', 'loader', 'overlays'].map((path) => `::/${path}/`);
    expect(listing.sort()).toEqual([...FILES.map(({ path }) => `::/${path}`), ...folders].sort());
    const out = join(folder, `${size}`);
    run('mcopy', '-i', drive, '-s', '::/', out);
    for (const { path, content } of FILES)
      expect((await readFile(join(out, path))).equals(readContent(content))).toBe(true);
  });

  test('has its label and one time', () => {
    const drive = `${image}@@${offset}`;
    expect(run('mlabel', '-i', drive, '-s', '::')).toContain('ESP');
    expect(run('mdir', '-i', drive, '::/loader')).toMatch(
      /LOADER~1 CON +10 2024-02-29 +12:34 +loader\.conf/i,
    );
    expect(run('mdir', '-i', drive, '::/')).toContain('1234-ABCD');
  });
});

test('a damaged chain is told by fsck.fat', async () => {
  const image = await make('damaged', FILES);
  const bytes = await readFile(image);
  const fatAt = 32 * 512;
  // The root is the one cluster 2: let it lead to itself.
  bytes.writeUInt32LE(2, fatAt + 2 * 4);
  execFileSync('dd', [`of=${image}`, 'conv=notrunc', 'status=none'], { input: bytes });
  expect(() => run('/usr/sbin/fsck.fat', '-n', image)).toThrow(/Command failed/);
});

test('the same files give the same bytes, and others do not', async () => {
  const read = async (name: string, files: readonly FatFile[]) => readFile(await make(name, files, 34 * MIB));
  const first = await read('first', FILES);
  expect(first.equals(await read('again', FILES))).toBe(true);
  expect(first.equals(await read('fewer', FILES.slice(1)))).toBe(false);
});

test('files that fill it are taken, and one cluster more is refused', async () => {
  const size = 34 * MIB;
  const free = Number(
    /(\d+)\/(\d+) clusters/.exec(run('/usr/sbin/fsck.fat', '-nv', await make('room', [], size)))?.[2],
  );
  const full = (clusters: number): FatFile[] => [{ path: 'F', content: Buffer.alloc(clusters * 512) }];
  expect(run('/usr/sbin/fsck.fat', '-n', await make('full', full(free - 1), size))).toContain(
    `${free}/${free} clusters`,
  );
  await expect(make('over', full(free), size)).rejects.toMatchObject({ code: 'BUILD_FAILED' });
});

test('33 MiB are FAT32, and less is refused', async () => {
  expect(run('/usr/sbin/fsck.fat', '-nv', await make('least', FILES, 33 * MIB))).toContain('66512 clusters');
  await expect(make('less', FILES, 32 * MIB)).rejects.toMatchObject({
    code: 'BUILD_FAILED',
    message: expect.stringContaining('make it 33 MiB or larger'),
  });
});

const planned = (...files: FatFile[]) =>
  fatRuns(files, { offset: 0, size: 5 * 1024 * MIB, label: 'ESP', volumeId: 1, time: TIME });

test('a file of 4 GiB is refused by its path, and one byte less is taken', () => {
  const of = (size: number): FatFile => ({
    path: 'a/large',
    content: { file: '/dev/zero', offset: 0, size },
  });
  expect(planned(of(2 ** 32 - 1)).at(-1)?.content).toMatchObject({ size: 2 ** 32 - 1 });
  expect(() => planned(of(2 ** 32))).toThrow(
    expect.objectContaining({ code: 'BUILD_FAILED', message: expect.stringMatching(/^a\/large: /) }),
  );
});

test('a folder of more than 65,536 entries is refused by its path', () => {
  // Two of the entries are those of the folder and of the one that it is in.
  const of = (count: number): FatFile[] =>
    Array.from({ length: count }, (_, index) => ({ path: `MANY/F${index}`, content: Buffer.alloc(0) }));
  const taken = planned(...of(65_534)).map(({ content }) => content);
  expect(taken.some((content) => content instanceof Uint8Array && content.length === 65_536 * 32)).toBe(true);
  expect(() => planned(...of(65_535))).toThrow(
    expect.objectContaining({ code: 'BUILD_FAILED', message: expect.stringMatching(/^MANY: /) }),
  );
});
