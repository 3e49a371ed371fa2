import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeOciLayout, type Tree, type TreeEntry } from '@slipway/components';
import { parseImageFiles } from '@slipway/image-spec';
import { Arch, ARCHITECTURES, codeOf, Digest, type JobProgress } from '@slipway/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildLocal, type LocalBuildOptions } from './build-local.ts';
import { FORMATS, isDiskFormat } from './outputs/format-names.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-local-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const meta = { uid: 0, gid: 0, mtime: 1_700_000_000, source: 's' };
const file = (path: string, content: Uint8Array | string, xattrs?: TreeEntry['xattrs']): TreeEntry => ({
  ...meta,
  path,
  type: 'file',
  mode: 0o755,
  content: typeof content === 'string' ? bytes(content) : content,
  ...(xattrs === undefined ? {} : { xattrs }),
});
const treeOf = (...entries: TreeEntry[]): Tree => new Map(entries.map((entry) => [entry.path, entry]));

const CAPABILITY = Uint8Array.of(1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

const layout = async (name: string, layers: readonly Tree[], config = {}): Promise<void> =>
  writeOciLayout(join(folder, name), {
    tag: '1',
    platforms: Arch.options.map((arch) => ({ arch, layers, config })),
  });

const writeImages = async (): Promise<void> => {
  await layout('kernel', [treeOf(file('kernel', 'a kernel'))]);
  await layout('init', [treeOf(file('sbin/init', 'init'), file('etc/os-release', 'ID=test\n'))]);
  await layout(
    'web',
    [
      treeOf(file('bin/httpd', 'x'.repeat(300_000)), file('etc/old', 'old')),
      treeOf(
        file('etc/.wh.old', ''),
        file('bin/ping', 'ping', new Map([['security.capability', CAPABILITY]])),
      ),
    ],
    { Cmd: ['/bin/httpd'] },
  );
};
const IMAGE = `
kernel: { image: 'oci:kernel', cmdline: console=ttyS0, tar: none }
init: ['oci:init']
services:
  - { name: web, image: 'oci:web' }
  - { name: again, image: 'oci:web', readonly: true }
files:
  - { path: etc/motd, contents: hello, mode: '0644' }
`;

/** A disk for UEFI needs a package of Debian's. */
const WITHOUT_PACKAGES = FORMATS.filter((format) => format !== 'iso-efi' && !isDiskFormat(format));

const build = async (more: Partial<LocalBuildOptions> = {}, text = IMAGE) =>
  buildLocal({
    spec: parseImageFiles([{ name: 'image.yml', text }], { paths: 'working-directory' }),
    arch: 'amd64',
    formats: WITHOUT_PACKAGES,
    name: 'image',
    outDir: join(folder, 'out'),
    baseDir: folder,
    sourceDir: folder,
    cacheDir: join(folder, 'cache'),
    log: () => undefined,
    progress: () => undefined,
    describe: {
      sbom: ['cyclonedx', 'spdx'],
      provenance: true,
      contents: true,
      imageFiles: [{ name: 'image.yml', digest: Digest.parse(`sha256:${'0'.repeat(64)}`) }],
    },
    ...more,
  });
const codeOfBuild = async (...args: Parameters<typeof build>): Promise<string> =>
  build(...args).then(
    () => 'none',
    (error: unknown) => codeOf(error),
  );

test.each(Arch.options)('an image for %s says so, in the words of registries', async (arch) => {
  await writeImages();
  const { files } = await build({ arch, formats: ['kernel+initrd', 'docker'], describe: undefined });
  expect(files.map(({ name }) => name)).toContain('image-kernel');
  const read = (name: string): unknown =>
    JSON.parse(
      execFileSync('tar', ['-xOf', join(folder, 'out', 'image.docker.tar'), name], { encoding: 'utf8' }),
    );
  const platform = { ...ARCHITECTURES[arch].oci, os: 'linux' };
  const index = z
    .object({ manifests: z.array(z.object({ platform: z.unknown() })) })
    .parse(read('index.json'));
  expect(index.manifests).toEqual([{ platform }]);
  const [{ Config }] = z.tuple([z.object({ Config: z.string() })]).parse(read('manifest.json'));
  expect(read(Config)).toMatchObject(platform);
});

test('every format and description comes from one build, and two builds give the same bytes', async () => {
  await writeImages();
  const first = await build();
  expect(first.files.map(({ name }) => name)).toEqual([
    'image.tar',
    'image-kernel',
    'image-initrd.img',
    'image-cmdline',
    'image-initrd.tar',
    'image-squashfs.img',
    'image-erofs.img',
    'image.docker.tar',
    'image.oci.tar',
    'image.contents.jsonl.gz',
    'image.cdx.json',
    'image.spdx.json',
    'image.notices.txt',
    'image.provenance.json',
  ]);
  // Another folder, another cache, the other order.
  const fetched: NonNullable<JobProgress['bytes']>[] = [];
  const second = await build({
    outDir: join(folder, 'elsewhere', 'out'),
    cacheDir: join(folder, 'other-cache'),
    formats: [...WITHOUT_PACKAGES].reverse(),
    progress: ({ bytes }) => void fetched.push(...(bytes === undefined ? [] : [bytes])),
  });
  // Layers that are not in the cache are counted as they come, to their end.
  expect(fetched.some(({ done, total }) => done === total && total > 0)).toBe(true);
  const byName = (files: typeof first.files) =>
    Object.fromEntries(
      files
        // Versions of descriptions name the first output.
        .filter(({ name }) => !/\.(?:cdx|spdx|provenance)\.json$/.test(name))
        .map(({ name, digest }) => [name, digest]),
    );
  expect(byName(second.files)).toEqual(byName(first.files));
  // And from a warm cache.
  expect((await build({ outDir: join(folder, 'third') })).files).toEqual(first.files);
});

test('the provenance names what went in and what came out', async () => {
  await writeImages();
  const { files, components } = await build({ formats: ['tar'] });
  const statement: unknown = JSON.parse(await readFile(join(folder, 'out', 'image.provenance.json'), 'utf8'));
  const tar = files.find(({ name }) => name === 'image.tar');
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://slsa.dev/provenance/v1',
    subject: expect.arrayContaining([{ name: 'image.tar', digest: { sha256: tar?.digest?.slice(7) } }]),
    predicate: {
      buildDefinition: {
        resolvedDependencies: expect.arrayContaining(
          components.map(({ digest }) => expect.objectContaining({ digest: { sha256: digest?.slice(7) } })),
        ),
      },
    },
  });
});

test('the provenance names files of this machine and each image once', async () => {
  await writeImages();
  await writeFile(join(folder, 'motd'), 'hello');
  await build({ formats: ['tar'] }, `${IMAGE}  - { path: etc/issue, source: motd }\n`);
  const Dependencies = z.object({
    predicate: z.object({
      buildDefinition: z.object({
        resolvedDependencies: z.array(
          z.object({
            name: z.string().optional(),
            uri: z.string().optional(),
            digest: z.object({ sha256: z.string() }),
          }),
        ),
      }),
    }),
  });
  const statement = Dependencies.parse(
    JSON.parse(await readFile(join(folder, 'out', 'image.provenance.json'), 'utf8')),
  );
  const { resolvedDependencies: inputs } = statement.predicate.buildDefinition;
  expect(inputs).toContainEqual({
    name: 'motd',
    digest: { sha256: createHash('sha256').update('hello').digest('hex') },
  });
  const images = inputs.filter(({ uri }) => uri !== undefined).map(({ digest }) => digest.sha256);
  expect(images).toEqual([...new Set(images)]);
});

test('capabilities of files survive to the tar, bytes and all', async () => {
  await writeImages();
  await build({ formats: ['tar'] });
  const out = join(folder, 'unpacked');
  await mkdir(out);
  execFileSync('tar', [
    '--warning=no-unknown-keyword',
    '--xattrs',
    '--xattrs-include=*',
    '-xpf',
    join(folder, 'out', 'image.tar'),
    '-C',
    out,
  ]);
  const ping = join(out, 'containers/services/web/lower/bin/ping');
  expect(execFileSync('/usr/sbin/getcap', [ping], { encoding: 'utf8' })).toMatch(/cap_net_raw[=+]e?p/);
  expect(await readdir(join(out, 'containers/services/web/lower/etc'))).not.toContain('old');
});

describe('a layer that is unsafe is refused with nothing written', () => {
  const everything = async (path: string): Promise<string[]> =>
    (await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []))
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name);
  test.each<[string, TreeEntry]>([
    ['a name that climbs', file('../../escaped', 'x')],
    ['an absolute name', file('/tmp/escaped', 'x')],
    ['a name with NUL', file('a\0b', 'x')],
    ['a name that is too long', file('n'.repeat(256), 'x')],
    ['a hard link to nothing', { ...meta, path: 'l', type: 'hardlink', mode: 0o644, target: 'none' }],
    ['a hard link that climbs', { ...meta, path: 'l', type: 'hardlink', mode: 0o644, target: '../x' }],
    ['a device node', { ...meta, path: 'sda', type: 'block', mode: 0o600, major: 8, minor: 0 }],
  ])('%s', async (_title, entry) => {
    await writeImages();
    await layout('web', [new Map([['x', entry]])], { Cmd: ['/x'] });
    expect(await codeOfBuild()).toBe('LAYER_UNSAFE');
    expect(await everything(join(folder, 'out'))).toEqual([]);
    expect(await everything(join(folder, 'escaped'))).toEqual([]);
    // Of the layers in the cache, only those of the good images are left.
    const tars = (await everything(join(folder, 'cache', 'layers'))).filter(
      (name) => !name.endsWith('.json'),
    );
    expect(tars.every((name) => name.endsWith('.tar'))).toBe(true);
    expect(tars.length).toBeLessThanOrEqual(2);
  });

  test('but a device node that is declared goes in', async () => {
    await writeImages();
    const node: TreeEntry = { ...meta, path: 'null', type: 'char', mode: 0o666, major: 1, minor: 3 };
    await layout('web', [treeOf(node)], { Cmd: ['/x'] });
    expect(await codeOfBuild({ formats: ['tar'] }, `${IMAGE}deviceNodes: ['null']\n`)).toBe('none');
    const listing = execFileSync('tar', [
      '--warning=no-unknown-keyword',
      '-tvf',
      join(folder, 'out', 'image.tar'),
    ]);
    expect(listing.toString()).toMatch(/crw-rw-rw-.* 1,3 .*containers\/services\/web\/lower\/null/);
  });
});

describe('a build that fails leaves no file behind', () => {
  test('a component is missing', async () => {
    await writeImages();
    await rm(join(folder, 'web'), { recursive: true });
    expect(await codeOfBuild()).toBe('COMPONENT_NOT_FOUND');
    expect(await readdir(join(folder, 'out')).catch(() => [])).toEqual([]);
  });

  test('a blob is cut short', async () => {
    await writeImages();
    const blobs = join(folder, 'web', 'blobs', 'sha256');
    for (const name of await readdir(blobs)) {
      const content = await readFile(join(blobs, name));
      if (content[0] === 0x1f) await writeFile(join(blobs, name), content.subarray(0, content.length - 9));
    }
    expect(await codeOfBuild()).toBe('COMPONENT_DIGEST_MISMATCH');
    expect(await readdir(join(folder, 'out')).catch(() => [])).toEqual([]);
    expect(await readdir(join(folder, 'cache', 'layers'), { recursive: true })).not.toContainEqual(
      expect.stringContaining('.tmp'),
    );
  });

  test('a blob is cut short while another layer is still being unpacked', async () => {
    await writeImages();
    await layout('web', [treeOf(file('big', 'x'.repeat(64 * 1024 * 1024))), treeOf(file('small', 'x'))], {
      Cmd: ['/small'],
    });
    const blobs = join(folder, 'web', 'blobs', 'sha256');
    for (const name of await readdir(blobs)) {
      const content = await readFile(join(blobs, name));
      if (content[0] === 0x1f && content.length < 1000)
        await writeFile(join(blobs, name), content.subarray(0, content.length - 9));
    }
    expect(await codeOfBuild()).toBe('COMPONENT_DIGEST_MISMATCH');
    expect(await readdir(join(folder, 'cache', 'layers'), { recursive: true })).not.toContainEqual(
      expect.stringContaining('.tmp'),
    );
  });

  test('the second format cannot be written', async () => {
    await writeImages();
    const text = IMAGE.replace(/^kernel.*$/m, '');
    expect(await codeOfBuild({ formats: ['tar', 'kernel+initrd'] }, text)).toBe('OUTPUT_UNSUPPORTED');
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });

  test.each<[string, 'tar' | 'oci']>([
    ['before it is read', 'tar'],
    ['between two formats', 'oci'],
  ])('a source file is changed %s', async (_title, format) => {
    await writeImages();
    const source = join(folder, 'data');
    await writeFile(source, Buffer.alloc(2 * 1024 * 1024, 'before'));
    const text = `${IMAGE}  - { path: data, source: data }\n`;
    const progress: LocalBuildOptions['progress'] = ({ step }) => {
      if (step === `writing ${format}`) writeFileSync(source, Buffer.alloc(2 * 1024 * 1024, 'after!'));
    };
    expect(await codeOfBuild({ formats: ['tar', 'oci'], progress }, text)).toBe('FILE_CHANGED');
    expect(await readdir(join(folder, 'out'))).toEqual([]);
    // Nothing of it is taken for something else by the next one.
    expect(await codeOfBuild({ formats: ['tar', 'oci'] }, text)).toBe('none');
  });

  test('the cache is emptied under it', async () => {
    await writeImages();
    const progress: LocalBuildOptions['progress'] = ({ step }) => {
      if (step === 'writing tar') rmSync(join(folder, 'cache', 'layers'), { recursive: true });
    };
    expect(await codeOfBuild({ progress })).toBe('FILE_CHANGED');
    expect(await readdir(join(folder, 'out'))).toEqual([]);
    expect(await codeOfBuild()).toBe('none');
  });

  test('it is interrupted', async () => {
    await writeImages();
    const abort = new AbortController();
    const done = build({
      signal: abort.signal,
      progress: ({ step }) => {
        if (step === 'writing tar') abort.abort();
      },
    });
    await expect(done).rejects.toThrow(/abort/i);
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });
});

test.each<[string, (file: string) => void]>([
  ['an index with another digit', (file) => flipDigit(file)],
  ['an index that is empty', (file) => truncateSync(file, 0)],
  ['an index that is cut', (file) => truncateSync(file, 100)],
  ['a tar that is cut', (file) => truncateSync(file.replace(/json$/, 'tar'), 1000)],
  ['a tar that is gone', (file) => rmSync(file.replace(/json$/, 'tar'))],
])('%s in the cache is made again', async (_title, damage) => {
  await writeImages();
  const good = await build({ formats: ['tar'] });
  const layers = join(folder, 'cache', 'layers');
  for (const name of await readdir(layers, { recursive: true }))
    if (name.endsWith('.json')) damage(join(layers, name));
  const healed = await build({ formats: ['tar'], outDir: join(folder, 'healed') });
  expect(healed.files[0]).toEqual(good.files[0]);
});

/** The last digit of an index: of an offset or a size. */
const flipDigit = (file: string): void => {
  const text = readFileSync(file, 'utf8');
  const at = text.search(/\d\D*$/);
  writeFileSync(file, `${text.slice(0, at)}${(Number(text[at]) + 1) % 10}${text.slice(at + 1)}`);
};
