import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { withCancellation, type Tree, type TreeEntry } from '@slipway/components';
import { openImage, type ImageLocation } from '@slipway/oci';
import { codeOf } from '@slipway/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { peStub } from '../fixture/pe-stub.ts';
import { FORMATS, type Format } from './format-names.ts';
import { writeFormat, type OutputFile } from './formats.ts';
import { peSections } from '../pe.ts';
import type { DiskSizes } from './output.ts';
import { createStaging } from './staging.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-outputs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const meta = { ...owner, mtime: 1_000_000_000, source: 'oci:test', location: 'services' };
/** Bytes that compress by half, the same in every run. */
const data = (seed: string, length: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 64) }, (_, index) =>
      Buffer.from(createHash('sha256').update(`${seed}${index}`).digest('hex')),
    ),
  ).subarray(0, length);

/** A program of UEFI by its first two bytes. */
const KERNEL = Buffer.concat([Buffer.from('MZ'), data('kernel', 100_000)]);
const ROOT = 'containers/services/web/rootfs';
const treeOf = (binary = data('web', 700_000)): Tree => {
  const entries: TreeEntry[] = [
    ...[
      'boot',
      'containers',
      'containers/services',
      'containers/services/web',
      ROOT,
      `${ROOT}/bin`,
      'etc',
    ].map((path) => ({ ...meta, path, type: 'directory' as const, mode: 0o755 })),
    { ...meta, path: 'boot/kernel', type: 'file', mode: 0o644, content: KERNEL },
    { ...meta, path: 'boot/cmdline', type: 'file', mode: 0o644, content: Buffer.from('console=ttyS0') },
    { ...meta, path: `${ROOT}/bin/httpd`, type: 'file', mode: 0o4755, content: binary },
    { ...meta, path: `${ROOT}/bin/twin`, type: 'hardlink', mode: 0o4755, target: `${ROOT}/bin/httpd` },
    { ...meta, path: `${ROOT}/bin/link`, type: 'symlink', mode: 0o777, target: 'httpd' },
    { ...meta, path: 'etc/motd', type: 'file', mode: 0o600, content: Buffer.from('hello\n') },
    { ...meta, path: 'init', type: 'file', mode: 0o755, content: data('init', 10_000) },
  ];
  return new Map(entries.map((entry) => [entry.path, entry]));
};

const treeOfLoader = (): Tree => {
  const path = 'usr/lib/systemd/boot/efi/linuxx64.efi.stub';
  return new Map([[path, { ...meta, path, type: 'file', mode: 0o644, content: peStub() }]]);
};

type WriteOptions = {
  readonly tree?: Tree;
  readonly out?: string;
  readonly cache?: string;
  readonly sizes?: DiskSizes;
  readonly efiPrograms?: () => Promise<Tree>;
};

const write = async (
  formats: readonly Format[],
  {
    tree = treeOf(),
    out = 'out',
    cache = 'cache',
    sizes,
    efiPrograms = async () => Promise.resolve(treeOfLoader()),
  }: WriteOptions = {},
): Promise<OutputFile[]> => {
  const staging = await createStaging(join(folder, out));
  const files: OutputFile[] = [];
  try {
    for (const format of formats)
      files.push(
        ...(await writeFormat(format, {
          tree,
          arch: 'amd64',
          name: 'image',
          cacheDir: join(folder, cache),
          staging,
          efiPrograms,
          sizes,
        })),
      );
    await staging.commit();
  } finally {
    await staging.discard();
  }
  return files;
};
const out = (name: string): string => join(folder, 'out', name);
const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

test('every output is what its record says, and nothing else is there', async () => {
  // A whole GiB, which has a test of its own.
  const files = await write(FORMATS.filter((format) => format !== 'aws'));
  expect(files.map(({ name }) => name)).toEqual([
    'image.tar',
    'image-kernel',
    'image-initrd.img',
    'image-cmdline',
    'image-initrd.tar',
    'image-squashfs.img',
    'image-erofs.img',
    'image-efi.iso',
    'image-efi.img',
    'image-efi.qcow2',
    'image.vmdk',
    'image.vhd',
    'image-dynamic.vhd',
    'image.img.tar.gz',
    'image.docker.tar',
    'image.oci.tar',
  ]);
  expect((await readdir(join(folder, 'out'))).sort()).toEqual(files.map(({ name }) => name).sort());
  for (const { name, size, digest } of files) {
    const bytes = await readFile(out(name));
    expect({ name, size: bytes.length, digest: sha256(bytes) }).toEqual({ name, size, digest });
  }
});

const digestsOf = (files: readonly OutputFile[]) =>
  Object.fromEntries(files.map(({ name, digest }) => [name, digest]));

test('every format is twice the same bytes, whatever the umask, the cache and what else is built', async () => {
  const formats = FORMATS.filter((format) => format !== 'aws');
  const first = await write(formats);
  const umask = process.umask(0o077);
  try {
    const again = await write(formats.toReversed(), { out: 'again', cache: 'other-cache' });
    expect(digestsOf(again)).toEqual(digestsOf(first));
  } finally {
    process.umask(umask);
  }
});

test('the initrd is one gzip member that gzip and cpio read, without boot/', async () => {
  await write(['kernel+initrd']);
  run('gzip', '-t', out('image-initrd.img'));
  await mkdir(join(folder, 'root'));
  const archive = join(folder, 'initrd.cpio');
  await writeFile(archive, execFileSync('gzip', ['-dc', out('image-initrd.img')], { maxBuffer: 2 ** 28 }));
  execFileSync('cpio', ['-idm', '--quiet', '-F', archive], { cwd: join(folder, 'root') });
  const at = (path: string): string => join(folder, 'root', path);
  expect(await readFile(at(`${ROOT}/bin/httpd`))).toEqual(data('web', 700_000));
  const [one, two] = [await stat(at(`${ROOT}/bin/httpd`)), await stat(at(`${ROOT}/bin/twin`))];
  expect(two.ino).toBe(one.ino);
  expect(one.mode & 0o7777).toBe(0o4755);
  expect(await readdir(at('boot'))).toEqual([]);
  expect(await readFile(out('image-kernel'))).toEqual(KERNEL);
  expect(await readFile(out('image-cmdline'), 'utf8')).toBe('console=ttyS0');
});

test('microcode goes before the initrd as it is', async () => {
  const ucode = Buffer.from('microcode, as a cpio would be');
  const tree = treeOf();
  tree.set('boot/ucode.cpio', {
    ...meta,
    path: 'boot/ucode.cpio',
    type: 'file',
    mode: 0o644,
    content: ucode,
  });
  await write(['kernel+initrd'], { tree });
  const initrd = await readFile(out('image-initrd.img'));
  expect(initrd.subarray(0, ucode.length)).toEqual(ucode);
  expect(initrd.subarray(ucode.length, ucode.length + 3)).toEqual(Buffer.of(0x1f, 0x8b, 8));
});

test('GNU tar lists the tar as it was meant, with where each file is from', async () => {
  await write(['tar']);
  const listing = run('tar', '--warning=no-unknown-keyword', '--numeric-owner', '-tvf', out('image.tar'));
  expect(listing).toMatch(/-rwsr-xr-x .* 700000 .* containers\/services\/web\/rootfs\/bin\/httpd/);
  expect(listing).toContain(`${ROOT}/bin/twin link to ${ROOT}/bin/httpd`);
  expect(listing).toContain(`${ROOT}/bin/link -> httpd`);
  const bytes = await readFile(out('image.tar'));
  expect(bytes.includes('LINUXKIT.source=oci:test\n')).toBe(true);
  expect(bytes.includes('LINUXKIT.location=services\n')).toBe(true);
});

describe('the disk for UEFI', () => {
  const MIB = 1024 ** 2;
  const partitions = (disk: string): string[] =>
    run('/usr/sbin/sgdisk', '--print', disk)
      .split('\n')
      .flatMap((line) => /^ +\d+ +(\d+) +(\d+) .* (EF00|8310) +(\S+)$/.exec(line)?.slice(1).join(' ') ?? []);

  test('holds the same kernel, initrd and command line as those formats, as one program', async () => {
    await write(['kernel+initrd', 'raw-efi']);
    const disk = out('image-efi.img');
    expect(run('/usr/sbin/sgdisk', '--verify', disk)).toContain('No problems found');
    expect(partitions(disk)).toEqual(['2048 133119 EF00 esp']);
    expect((await stat(disk)).size).toBe(66 * MIB);
    run('dd', `if=${disk}`, `of=${join(folder, 'esp')}`, 'bs=1M', 'skip=1', 'count=64', 'status=none');
    run('/usr/sbin/fsck.fat', '-n', join(folder, 'esp'));
    const esp = `${disk}@@${MIB}`;
    expect(run('mdir', '-i', esp, '-/', '-b', '-a', '::/').trim()).toMatch(
      /^::\/EFI\/\n::\/EFI\/BOOT\/\n::\/EFI\/BOOT\/BOOTX64\.EFI$/,
    );
    const program = execFileSync('mcopy', ['-i', esp, '-n', '::/EFI/BOOT/BOOTX64.EFI', '-'], {
      maxBuffer: 2 ** 28,
    });
    const sections = new Map(
      peSections(program).map(({ name, offset, size }) => [name, program.subarray(offset, offset + size)]),
    );
    expect(sections.get('.linux')).toEqual(KERNEL);
    expect(sections.get('.initrd')).toEqual(await readFile(out('image-initrd.img')));
    expect(sections.get('.cmdline')?.toString()).toBe('console=ttyS0');
  });

  test('has the sizes asked for, and a partition for data', async () => {
    await write(['raw-efi'], { sizes: { esp: 80 * MIB, data: 16 * MIB, disk: 256 * MIB } });
    const disk = out('image-efi.img');
    expect(partitions(disk)).toEqual(['2048 165887 EF00 esp', '165888 198655 8310 data']);
    expect((await stat(disk)).size).toBe(256 * MIB);
    expect(run('/usr/sbin/sgdisk', '--verify', disk)).toContain('No problems found');
    const label = run('/usr/sbin/blkid', '-p', '-O', String(165_888 * 512), '-o', 'export', disk);
    expect(label).toMatch(/^LABEL=data$[^]*^TYPE=ext4$/m);
  });

  test.each<[string, DiskSizes]>([
    ['the EFI system partition', { esp: 10 * MIB }],
    ['the disk', { disk: 60 * MIB }],
  ])('is not made smaller than what is in it: %s', async (_title, sizes) => {
    await expect(write(['raw-efi'], { sizes })).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });

  test('leaves nothing where its tools are stopped', async () => {
    const stop = new AbortController();
    const efiPrograms = async (): Promise<Tree> => {
      stop.abort();
      return Promise.resolve(treeOfLoader());
    };
    const failed = withCancellation(stop.signal, async () => write(['tar', 'vhd', 'aws'], { efiPrograms }));
    await expect(failed).rejects.toThrow(/abort/i);
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });

  test.each<[string, Buffer, string]>([
    ['no program of UEFI', Buffer.from('kernel'), 'CONFIG_EFI_STUB'],
    ['compressed', gzipSync(KERNEL), '--decompress-kernel'],
  ])('needs a kernel that UEFI starts: %s', async (_title, content, mend) => {
    const tree = treeOf();
    tree.set('boot/kernel', { ...meta, path: 'boot/kernel', type: 'file', mode: 0o644, content });
    const failed = write(['tar', 'qcow2-efi'], { tree });
    await expect(failed).rejects.toMatchObject({
      code: 'OUTPUT_UNSUPPORTED',
      message: expect.stringContaining(mend),
    });
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });
});

test('tar-kernel-initrd holds kernel, initrd and command line', async () => {
  await write(['tar-kernel-initrd', 'kernel+initrd']);
  expect(run('tar', '-tf', out('image-initrd.tar')).trim().split('\n')).toEqual([
    'kernel',
    'initrd.img',
    'cmdline',
  ]);
  const inner = execFileSync('tar', ['-xOf', out('image-initrd.tar'), 'initrd.img'], { maxBuffer: 2 ** 28 });
  expect(inner).toEqual(await readFile(out('image-initrd.img')));
});

test.each<[string, ImageLocation]>([
  ['docker archive', { type: 'docker-archive', path: 'image.docker.tar', tag: 'image:latest' }],
  ['OCI archive', { type: 'oci-archive', path: 'image.oci.tar', tag: 'latest', digest: undefined }],
])('the %s is an image that readers take', async (_title, location) => {
  await write(['docker', 'oci']);
  const image = await openImage(location, {
    arch: 'amd64',
    baseDir: join(folder, 'out'),
    cacheDir: join(folder, 'cache'),
  });
  expect(image.config.config?.Entrypoint).toEqual(['/bin/rc.init']);
  const [layer] = image.layers;
  if (layer === undefined) throw new Error('no layer');
  const path = join(folder, 'layer');
  await pipeline(await layer.open(), createWriteStream(path));
  expect(run('tar', '-tf', path).split('\n')).toContain(`${ROOT}/bin/httpd`);
});

test('skopeo takes both archives too', async () => {
  await write(['docker', 'oci']);
  for (const [from, to] of [
    [`docker-archive:${out('image.docker.tar')}`, 'a'],
    [`oci-archive:${out('image.oci.tar')}`, 'b'],
  ] as const)
    run('skopeo', '--insecure-policy', 'copy', '-q', from, `oci:${join(folder, to)}:x`);
  const configOf = (name: string): string =>
    run('skopeo', 'inspect', '--config', `oci:${join(folder, name)}:x`);
  expect(configOf('a')).toContain('/bin/rc.init');
  expect(configOf('b')).toContain('/bin/rc.init');
});

describe('the cache of compressed segments', () => {
  test('changes nothing in the bytes', async () => {
    const cold = await write(['kernel+initrd']);
    const warm = await write(['kernel+initrd'], { out: 'again' });
    const other = await write(['kernel+initrd'], { out: 'other', cache: 'other-cache' });
    expect(warm).toEqual(cold);
    expect(other).toEqual(cold);
  });

  test('is not believed if its file was cut', async () => {
    const [, before] = await write(['kernel+initrd']);
    const segments = join(folder, 'cache', 'segments');
    for (const name of await readdir(segments, { recursive: true }))
      if (name.endsWith('.deflate')) await writeFile(join(segments, name), 'x');
    const [, after] = await write(['kernel+initrd'], { out: 'again' });
    expect(after).toEqual(before);
  });
});

describe('an initrd that its readers would not read as it was meant is refused', () => {
  const deep = Array.from({ length: 20 }, () => 'd'.repeat(250)).join('/');
  test.each<[string, TreeEntry]>([
    ['the name that ends an archive', { ...meta, path: 'TRAILER!!!', type: 'directory', mode: 0o755 }],
    ['a name that the kernel would skip', { ...meta, path: deep, type: 'directory', mode: 0o755 }],
    ['such a target', { ...meta, path: 'link', type: 'symlink', mode: 0o777, target: deep }],
    [
      'a file above 4 GiB',
      {
        ...meta,
        path: 'huge',
        type: 'file',
        mode: 0o644,
        content: { file: '/dev/null', offset: 0, size: 2 ** 32, extents: [] },
      },
    ],
  ])('%s', async (_title, entry) => {
    const tree = treeOf();
    tree.set(entry.path, entry);
    await expect(write(['kernel+initrd'], { tree })).rejects.toMatchObject({ code: 'OUTPUT_UNSUPPORTED' });
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });
});

describe('a build that fails', () => {
  test('does not touch a folder that lies where a file is to go, nor anything else', async () => {
    await mkdir(join(out('image.oci.tar'), 'precious'), { recursive: true });
    await expect(write(['tar', 'oci'])).rejects.toMatchObject({ code: 'NOT_WRITABLE' });
    expect(await readdir(join(folder, 'out'))).toEqual(['image.oci.tar']);
    expect(await readdir(out('image.oci.tar'))).toEqual(['precious']);
  });

  test('leaves no file behind, and what was there before as it was', async () => {
    await write(['tar']);
    const before = await readFile(out('image.tar'));
    const tree = treeOf(data('other', 1000));
    tree.delete('boot/kernel');
    let code = 'none';
    try {
      await write(['tar', 'kernel+initrd'], { tree });
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('OUTPUT_UNSUPPORTED');
    expect(await readdir(join(folder, 'out'))).toEqual(['image.tar']);
    expect(await readFile(out('image.tar'))).toEqual(before);
  });

  test('what a killed build left is removed by the next one', async () => {
    const namespace = (await readlink('/proc/self/ns/pid')).replace(/\D/g, '');
    // A container that writes to the same folder has processes of its own.
    const foreign = ['.slipway-build-999999999-1-abcdef', '.slipway-build-999999999-1-oldold'] as const;
    const names = [`.slipway-build-999999999-${namespace}-abcdef`, ...foreign];
    for (const name of names) await mkdir(join(folder, 'out', name), { recursive: true });
    await utimes(join(folder, 'out', foreign[1]), 1, 1);
    await write(['tar']);
    expect(await readdir(join(folder, 'out'))).toEqual([foreign[0], 'image.tar']);
  });
});

describe('iso-efi', () => {
  const SECTOR = 2048;

  test('CD and stick point at the same EFI system partition, which holds the image as the first program', async () => {
    await write(['iso-efi']);
    const iso = await readFile(out('image-efi.iso'));
    expect(iso.toString('latin1', 16 * SECTOR + 1, 16 * SECTOR + 6)).toBe('CD001');
    expect(iso.toString('latin1', 16 * SECTOR + 40, 16 * SECTOR + 72).trim()).toBe('IMAGE');
    // El Torito: the boot record names the catalogue, whose first entry is for EFI, without emulation.
    expect(iso.toString('latin1', 17 * SECTOR + 7, 17 * SECTOR + 30)).toBe('EL TORITO SPECIFICATION');
    const catalogue = iso.subarray(iso.readUInt32LE(17 * SECTOR + 0x47) * SECTOR);
    expect([...catalogue.subarray(0, 2)]).toEqual([1, 0xef]);
    expect([...catalogue.subarray(32, 34)]).toEqual([0x88, 0]);
    // More sectors than 16 bits can count are said by none: up to the end of the file system, so it must lie inside.
    expect(catalogue.readUInt16LE(38)).toBe(0);
    const offset = catalogue.readUInt32LE(40) * SECTOR;
    const esp = 34 * 1024 * 1024;
    expect(iso.readUInt32LE(16 * SECTOR + 80) * SECTOR).toBeGreaterThanOrEqual(offset + esp);
    const gpt = run('/usr/sbin/sgdisk', '--info=2', out('image-efi.iso'));
    expect(gpt).toMatch(/C12A7328-F81F-11D2-BA4B-00A0C93EC93B/i);
    expect(Number(/First sector: (\d+)/.exec(gpt)?.[1]) * 512).toBe(offset);
    expect(run('/usr/sbin/sgdisk', '--verify', out('image-efi.iso'))).toMatch(/No problems found/);

    const said = run('xorriso', '-indev', out('image-efi.iso'), '-report_el_torito', 'plain');
    expect(said).toMatch(/^El Torito boot img : +1 +UEFI +y +none /m);

    const program = join(folder, 'program.efi');
    run('mcopy', '-i', `${out('image-efi.iso')}@@${offset}`, '::/EFI/BOOT/BOOTX64.EFI', program);
    expect(peSections(await readFile(program)).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['.linux', '.initrd', '.cmdline']),
    );
  });

  test('a kernel that UEFI cannot start is refused, and nothing is left', async () => {
    const tree = treeOf();
    tree.set('boot/kernel', {
      ...meta,
      path: 'boot/kernel',
      type: 'file',
      mode: 0o644,
      content: Buffer.from('kernel'),
    });
    await expect(write(['iso-efi'], { tree })).rejects.toMatchObject({ code: 'OUTPUT_UNSUPPORTED' });
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });
});
