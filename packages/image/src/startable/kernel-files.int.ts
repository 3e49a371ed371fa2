import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tree, TreeEntry } from '@slipway/components';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Format } from '../outputs/format-names.ts';
import { writeFormat } from '../outputs/formats.ts';
import { createStaging } from '../outputs/staging.ts';
import { kernelFilesOf } from './kernel-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-startable-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const meta = { uid: 0, gid: 0, mtime: 1_000_000_000, source: 'oci:test' };
const file = (path: string, text: string, mode = 0o644): TreeEntry => ({
  ...meta,
  path,
  type: 'file',
  mode,
  content: Buffer.from(text),
});
const directory = (path: string): TreeEntry => ({ ...meta, path, type: 'directory', mode: 0o755 });
const treeOf = (...more: readonly TreeEntry[]): Tree => {
  const entries: TreeEntry[] = [
    ...more,
    directory('dev'),
    directory('etc'),
    file('init', 'init', 0o4755),
    { ...meta, path: 'init-too', type: 'hardlink', mode: 0o4755, target: 'init' },
    { ...meta, path: 'etc/link', type: 'symlink', mode: 0o777, target: '../init' },
    { ...meta, path: 'dev/null', type: 'char', mode: 0o666, major: 1, minor: 3 },
  ];
  return new Map(entries.map((entry) => [entry.path, entry]));
};
const withKernel = (): Tree =>
  treeOf(
    directory('boot'),
    file('boot/kernel', 'kernel'),
    file('boot/cmdline', 'quiet'),
    file('boot/ucode.cpio', 'microcode'),
  );

const write = async (formats: readonly Format[], tree: Tree): Promise<void> => {
  const staging = await createStaging(folder);
  for (const format of formats)
    await writeFormat(format, {
      tree,
      arch: 'arm64',
      name: 'image',
      cacheDir: join(folder, 'cache'),
      staging,
      efiPrograms: () => Promise.reject(new Error('none')),
    });
  await staging.commit();
};

const digestsOf = async (path: string): Promise<Map<string, string>> => {
  const digests = new Map<string, string>();
  for (const name of (await readdir(path)).sort())
    if (/-(?:kernel|initrd\.img|cmdline)$/.test(name))
      digests.set(
        name,
        createHash('sha256')
          .update(await readFile(join(path, name)))
          .digest('hex'),
      );
  return digests;
};

const scratch = async (name: string): Promise<string> => {
  const path = join(folder, name);
  await mkdir(path);
  return path;
};

test.each([
  ['tar', 'image.tar', 'tar'],
  ['docker', 'image.docker.tar', 'oci-archive'],
  ['docker', 'image.docker.tar', 'docker-archive'],
  ['oci', 'image.oci.tar', 'oci-archive'],
] as const)('%s becomes the same kernel and initrd as kernel+initrd makes', async (format, name, of) => {
  await write(['kernel+initrd', format], withKernel());
  const made = await scratch('made');
  expect(await kernelFilesOf({ path: join(folder, name), of, folder: made })).toBe(join(made, 'image'));
  const expected = await digestsOf(folder);
  expect([...expected.keys()]).toHaveLength(3);
  expect(await digestsOf(made)).toEqual(expected);
});

test.each([
  ['tar', 'image.tar', 'tar', 'a tar of files without one'],
  ['oci', 'image.oci.tar', 'oci-archive', 'a container image without one'],
] as const)('%s without a kernel is refused', async (format, name, of, found) => {
  await write([format], treeOf());
  const path = join(folder, name);
  await expect(kernelFilesOf({ path, of, folder: await scratch('made') })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(found),
  });
});

test('of a container for another architecture there is nothing for the one that is asked for', async () => {
  await write(['oci'], withKernel());
  const archive = {
    path: join(folder, 'image.oci.tar'),
    of: 'oci-archive',
    folder: await scratch('made'),
  } as const;
  await expect(kernelFilesOf({ ...archive, arch: 's390x' })).rejects.toMatchObject({
    code: 'COMPONENT_NOT_FOUND',
  });
  expect(await kernelFilesOf({ ...archive, arch: 'arm64' })).toBe(join(folder, 'made', 'image'));
});
