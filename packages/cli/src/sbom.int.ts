import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestFile, writeBundle } from '@slipway/bundle';
import { Manifest } from '@slipway/protocol';
import { makeCycloneDx, makeSpdx, type FoundPackage, type Sbom } from '@slipway/sbom';
import { callIn } from './testing/call.ts';

const musl = (version: string): FoundPackage => ({
  type: 'apk',
  name: 'musl',
  version,
  purl: `pkg:apk/alpine/musl@${version}?arch=x86_64`,
  licenses: ['MIT'],
});
const BUSYBOX: FoundPackage = {
  type: 'deb',
  name: 'busybox',
  version: '1:1.37.0-6',
  purl: 'pkg:deb/debian/busybox@1:1.37.0-6?arch=amd64',
  licenses: ['GPL-2.0-only'],
};
const image = (...packages: FoundPackage[]): Sbom => ({
  subject: { name: 'edge', version: '1.0.0', arch: 'amd64' },
  time: 1_700_000_000,
  components: [{ ref: 'docker.io/library/web:1', packages }],
});

/** Debian keeps some of them where the PATH of an ordinary user does not look. */
const TOOLS = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

let folder: string;
let call: ReturnType<typeof callIn>;
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-sbom-'));
  call = callIn(folder, TOOLS);
  write('a.cdx.json', makeCycloneDx(image(musl('1.2.5-r0'))));
  write('b.spdx.json', makeSpdx(image(musl('1.2.6-r0'), BUSYBOX)));
  for (const name of ['out', 'two', 'empty']) mkdirSync(join(folder, name));
  write('out/edge.tar', 'x'.repeat(2000));
  write('out/edge.cdx.json', makeCycloneDx(image(BUSYBOX)));
  write('out/edge.spdx.json', makeSpdx(image(BUSYBOX)));
  write('out/edge.notices.txt', 'the notices of edge\n');
  write('out/other-initrd.img', 'x'.repeat(2000));
  write('empty/edge.tar', 'x'.repeat(2000));
  write('two/a.cdx.json', makeCycloneDx(image()));
  write('two/b.cdx.json', makeCycloneDx(image()));

  write('uki', 'u');
  mkdirSync(join(folder, 'tree/usr/share/licenses/slipway'), { recursive: true });
  write('tree/usr/share/licenses/slipway/NOTICES', 'the notices in the root image\n');
  execFileSync('mkfs.erofs', ['-T0', join(folder, 'root'), join(folder, 'tree')], {
    stdio: 'ignore',
    env: TOOLS,
  });
  // Behind the file system lies its dm-verity tree.
  appendFileSync(join(folder, 'root'), Buffer.alloc(8192));
  mkdirSync(join(folder, 'store'));
  copyFileSync(join(folder, 'root'), join(folder, 'store', 'root.img'));
  write('store/sbom.cdx.json', makeCycloneDx(image(BUSYBOX)));
  const names = { 'uki.efi': 'uki', 'root.img': 'root', 'sbom.cdx.json': 'out/edge.cdx.json' } as const;
  const paths = {
    'uki.efi': join(folder, names['uki.efi']),
    'root.img': join(folder, names['root.img']),
    'sbom.cdx.json': join(folder, names['sbom.cdx.json']),
  };
  const files = await Promise.all(
    (['uki.efi', 'root.img', 'sbom.cdx.json'] as const).map(async (name) => ({
      name,
      ...(await digestFile(paths[name])),
    })),
  );
  const manifest = Manifest.parse({
    v: 1,
    format: 'slipway-bundle',
    release: 'rel_0000000000000000',
    version: '1.0.0',
    counter: 1,
    deviceClass: 'edge',
    arch: 'amd64',
    build: 'bld_0000000000000000',
    timeFloor: 1_700_000_000,
    rootHash: 'ab'.repeat(32),
    verityDataBlocks: 1,
    minimumAgent: '0.1.0',
    provenance: files[0]?.digest,
    files,
  });
  await writeBundle({
    manifest: Buffer.from(JSON.stringify(manifest)),
    // Nobody here looks at it: what is shown is what the bundle claims.
    signature: Buffer.from('unsigned'),
    files: paths,
    out: join(folder, 'edge.tar'),
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('sbom show', () => {
  test('lists what is in an image', async () => {
    const { status, out } = await call('sbom', 'show', 'b.spdx.json');
    expect(status).toBe(0);
    expect(out).toBe(`image    edge
version  1.0.0
arch     amd64
time     2023-11-14 22:13:20

TYPE  NAME     VERSION     COMPONENT                LICENCES
apk   musl     1.2.6-r0    docker.io/library/web:1  MIT
deb   busybox  1:1.37.0-6  docker.io/library/web:1  GPL-2.0-only`);
  });

  test.each([
    ['a bundle', 'edge.tar'],
    ['a folder of outputs', 'out'],
    ['an output', 'out/edge.tar'],
    ['a document', 'out/edge.spdx.json'],
  ])('of %s', async (_, name) => {
    const { status, out, err } = await call('sbom', 'show', name, '--json');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      subject: { name: 'edge' },
      components: [{ ref: 'docker.io/library/web:1' }],
      packages: [{ type: 'deb', name: 'busybox', components: ['docker.io/library/web:1'] }],
    });
  });

  test.each([
    ['what is not there', 'none', 66, /^NOT_FOUND: none: /],
    ['a folder without a list', 'empty', 66, /^NOT_FOUND: .*cdx\.json/],
    [
      'an output without a list beside it',
      'empty/edge.tar',
      66,
      /^NOT_FOUND: .*empty\/edge\.tar: .*beside it/,
    ],
    ['a folder with two', 'two', 64, /^USAGE: .*a\.cdx\.json and b\.cdx\.json/],
    ['a bundle cut short', 'short.tar', 65, /^BUNDLE_/],
    ['a document that is none', 'wrong.json', 65, /^SBOM_INVALID: wrong\.json: /],
  ])('%s', async (_, name, status, err) => {
    writeFileSync(join(folder, 'short.tar'), readFileSync(join(folder, 'edge.tar')).subarray(0, 3000));
    write('wrong.json', '{"bomFormat": "CycloneDX"}');
    const called = await call('sbom', 'show', name);
    expect(called).toMatchObject({ status, err: expect.stringMatching(err) as unknown });
  });
});

describe('sbom diff', () => {
  test('tells what changed, and ends well', async () => {
    expect(await call('sbom', 'diff', 'a.cdx.json', 'b.spdx.json')).toEqual({
      status: 0,
      err: '',
      out: `added packages
TYPE  NAME     VERSION     COMPONENT
deb   busybox  1:1.37.0-6  docker.io/library/web:1

changed versions
TYPE  NAME  FROM      TO
apk   musl  1.2.5-r0  1.2.6-r0`,
    });
  });

  test('of the same content there is none, in whatever document', async () => {
    expect(await call('sbom', 'diff', '--exit-code', 'edge.tar', 'out/edge.spdx.json')).toEqual({
      status: 0,
      out: 'no differences',
      err: '',
    });
  });

  test('programs get the facts, and a status if they want one', async () => {
    const { status, out } = await call('sbom', 'diff', 'a.cdx.json', 'b.spdx.json', '--json', '--exit-code');
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      versions: [{ type: 'apk', name: 'musl', from: '1.2.5-r0', to: '1.2.6-r0' }],
    });
  });
});

describe('licenses', () => {
  test('names the packages whose source must be offered, and where it is', async () => {
    const { status, out } = await call('licenses', 'b.spdx.json');
    expect(status).toBe(0);
    expect(out).toMatch(/^packages whose source must be offered\n.*\ndeb +busybox .* GPL-2\.0-only /);
    expect(out).toContain('https://snapshot.debian.org/package/busybox/1%3A1.37.0-6/');
    expect(out).toMatch(/\n1 other package$/);
    expect(JSON.parse((await call('licenses', 'edge.tar', '--json')).out)).toMatchObject({
      obliged: [{ name: 'busybox', obliging: ['GPL-2.0-only'] }],
      unknown: [],
      others: 0,
    });
  });

  test('the notices are those beside the image, or what the list tells of them', async () => {
    expect((await call('licenses', '--notices', 'out')).out).toBe('the notices of edge');
    expect((await call('licenses', '--notices', 'out/edge.tar')).out).toBe('the notices of edge');
    const { out } = await call('licenses', '--notices', 'b.spdx.json');
    expect(out).toMatch(/^THIRD-PARTY NOTICES\n/);
    expect(out).toContain('licence texts are with the image');
    expect(out).toContain('musl 1.2.6-r0 (MIT)');
  });

  test.each([
    ['a bundle', 'edge.tar'],
    ['a folder in the store of a server', 'store'],
    ['the list beside a root image', 'store/sbom.cdx.json'],
  ])('of %s they are read from the root image', async (_, name) => {
    expect(await call('licenses', '--notices', name)).toEqual({
      status: 0,
      out: 'the notices in the root image',
      err: '',
    });
  });

  test('a root image of another kind is the fault of the tool that reads it', async () => {
    mkdirSync(join(folder, 'damaged'));
    write('damaged/root.img', 'r'.repeat(8192));
    write('damaged/sbom.cdx.json', makeCycloneDx(image(BUSYBOX)));
    expect(await call('licenses', '--notices', 'damaged')).toMatchObject({
      status: 70,
      err: expect.stringMatching(/^TOOL_FAILED: dump\.erofs: /) as unknown,
    });
  });
});
