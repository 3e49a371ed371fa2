import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openArchive } from './archive.ts';
import { readStored } from './blobs.ts';
import { digestOf, hexOf } from './digest.ts';
import type { OciImage } from './image.ts';
import { openImage } from './open-image.ts';
import { layerTar } from './testing/images.ts';
import { codeFrom, layersRead } from './testing/read.ts';
import { makeTar, type TarMember } from './testing/tar.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-archive-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const path = (): string => join(folder, 'a.tar');
const open = async (...members: readonly TarMember[]) => {
  await writeFile(path(), makeTar(members));
  return openArchive(path(), 'ref');
};
const pax = (...records: readonly string[]): TarMember => ({
  name: 'PaxHeaders/x',
  type: 'x',
  content: records.map((record) => `${record.length + 4} ${record}\n`).join(''),
});

describe('names mean files', () => {
  const textOf = async (archive: Awaited<ReturnType<typeof open>>, name: string) => {
    const found = archive.find(name);
    return found === undefined ? undefined : Buffer.from(await readStored(found)).toString();
  };
  test('of every kind', async () => {
    const long = 'n'.repeat(150);
    const archive = await open(
      { name: './blobs/', type: '5' },
      { name: './blobs/a', content: 'one' },
      { name: 'dir/link', type: '2', link: '../blobs/a' },
      { name: 'hard', type: '1', link: 'dir/link' },
      { name: '././@LongLink', type: 'L', content: `${long}\0` },
      { name: long.slice(0, 100), content: 'long' },
      pax(`path=${'p'.repeat(84)}`),
      { name: 'short', content: 'pax' },
      { name: 'empty' },
    );
    expect(await textOf(archive, 'blobs/a')).toBe('one');
    expect(await textOf(archive, 'dir/link')).toBe('one');
    expect(await textOf(archive, 'hard')).toBe('one');
    expect(await textOf(archive, long)).toBe('long');
    expect(await textOf(archive, 'p'.repeat(84))).toBe('pax');
    expect(await textOf(archive, 'empty')).toBe('');
    expect(archive.find('short')).toBeUndefined();
    expect(archive.find('blobs')).toBeUndefined();
  });
});

describe('refused', () => {
  test.each<[string, TarMember[], string]>([
    ['a name that leaves', [{ name: '../x' }], 'LAYER_UNSAFE'],
    ['a name in the middle', [{ name: 'a/../../x' }], 'LAYER_UNSAFE'],
    ['an absolute name', [{ name: '/etc/passwd' }], 'LAYER_UNSAFE'],
    ['a name with NUL', [pax('path=a\0b' + 'x'.repeat(80)), { name: 'x' }], 'LAYER_UNSAFE'],
    ['a link that leaves', [{ name: 'a', type: '2', link: '../../etc/passwd' }], 'LAYER_UNSAFE'],
    ['an absolute link', [{ name: 'a/b', type: '2', link: '/etc/passwd' }], 'LAYER_UNSAFE'],
    ['a hard link that leaves', [{ name: 'a', type: '1', link: '../x' }], 'LAYER_UNSAFE'],
    ['a device', [{ name: 'a', type: '3' }], 'COMPONENT_INVALID'],
    [
      'the same name twice',
      [
        { name: 'a', content: '1' },
        { name: './a', content: '2' },
      ],
      'COMPONENT_INVALID',
    ],
    ['a size beyond the end', [{ name: 'a', content: 'x', size: 99_999 }], 'COMPONENT_INVALID'],
    [
      'a size of the PAX header beyond the end',
      [pax(`size=99999${' '.repeat(0)}`.padEnd(90, '9')), { name: 'a' }],
      'COMPONENT_INVALID',
    ],
    ['a PAX size that is no number', [pax(`size=-5${'x'.repeat(80)}`), { name: 'a' }], 'COMPONENT_INVALID'],
    [
      'a PAX record that is longer than it is',
      [{ name: 'x', type: 'x', content: '999 path=a\n' }],
      'COMPONENT_INVALID',
    ],
    ['a sparse file', [pax(`GNU.sparse.major=1${' '.repeat(70)}`), { name: 'a' }], 'COMPONENT_INVALID'],
  ])('%s', async (_what, members, code) => {
    expect(await codeFrom(open(...members))).toBe(code);
    expect(await readdir(folder)).toEqual(['a.tar']);
  });
  test('links in a circle', async () => {
    const archive = await open({ name: 'a', type: '2', link: 'b' }, { name: 'b', type: '2', link: 'a' });
    expect(await codeFrom((async () => archive.find('a'))())).toBe('LAYER_UNSAFE');
  });
  test('any cut', async () => {
    const whole = makeTar([{ name: 'a', content: 'x'.repeat(600) }]);
    for (const length of [1, 511, 513, 1000]) {
      await writeFile(path(), whole.subarray(0, length));
      expect(await codeFrom(openArchive(path(), 'ref'))).toBe('COMPONENT_INVALID');
    }
  });
  test('a flipped byte of a header', async () => {
    const whole = makeTar([{ name: 'a', content: 'x' }]);
    whole[3] = 0x41;
    await writeFile(path(), whole);
    expect(await codeFrom(openArchive(path(), 'ref'))).toBe('COMPONENT_INVALID');
  });
  test('what is not there', async () => {
    expect(await codeFrom(openArchive(join(folder, 'none.tar'), 'ref'))).toBe('COMPONENT_NOT_FOUND');
  });
});

describe('docker save in its old form', () => {
  const tars = [layerTar('one'), layerTar('two')];
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/file'] },
    rootfs: { type: 'layers', diff_ids: [tars[0], tars[1], tars[0]].map((tar) => digestOf(tar ?? '')) },
  });
  const configName = `${hexOf(digestOf(config))}.json`;
  const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(64));
  const members = (layers: readonly Buffer[] = tars): TarMember[] => [
    { name: `${first}/layer.tar`, content: layers[0] ?? '' },
    { name: `${second}/layer.tar`, content: layers[1] ?? '' },
    // Docker writes a layer that comes again as a link.
    { name: `${third}/layer.tar`, type: '2', link: `../${first}/layer.tar` },
    { name: configName, content: config },
    {
      name: 'manifest.json',
      content: JSON.stringify([
        {
          Config: configName,
          RepoTags: ['web:1', 'docker.io/acme/web:latest'],
          Layers: [first, second, third].map((id) => `${id}/layer.tar`),
        },
      ]),
    },
  ];
  const image = async (list: readonly TarMember[], tag?: string): Promise<OciImage> => {
    await writeFile(path(), makeTar(list));
    return openImage(
      { type: 'docker-archive', path: 'a.tar', tag },
      { arch: 'amd64', baseDir: folder, cacheDir: join(folder, 'cache'), offline: true },
    );
  };

  test('is read where it lies, by any of its names', async () => {
    for (const tag of [undefined, 'web:1', 'docker.io/library/web:1', 'acme/web', 'acme/web:latest']) {
      const opened = await image(members(), tag);
      expect(opened.digest).toBe(digestOf(config));
      expect(await layersRead(opened)).toEqual([tars[0], tars[1], tars[0]]);
    }
    expect(await codeFrom(image(members(), 'web:2'))).toBe('COMPONENT_NOT_FOUND');
    expect(await readdir(folder)).toEqual(['a.tar']);
  });
  test('a layer that differs from the config is refused while it is read', async () => {
    const opened = await image(members([layerTar('one'), layerTar('tow')]));
    expect(await codeFrom(layersRead(opened))).toBe('COMPONENT_DIGEST_MISMATCH');
  });
  test('a config that differs from its name is refused', async () => {
    const changed = members().map((member) =>
      member.name === configName ? { ...member, content: config.replace('/file', '/elif') } : member,
    );
    expect(await codeFrom(image(changed))).toBe('COMPONENT_DIGEST_MISMATCH');
  });
  test('a layer that is missing is named', async () => {
    await expect(image(members().slice(1))).rejects.toMatchObject({
      code: 'COMPONENT_NOT_FOUND',
      message: expect.stringContaining(`${first}/layer.tar`),
    });
  });
});
