import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Digest } from '@slipway/protocol';
import { readContents } from '@slipway/sbom/contents';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildClass, type ClassBuild } from './build-class.ts';
import { assembleImage } from './build.ts';
import { digestFile } from './digest-file.ts';
import { noise, testClass, testParts, testRequest, testSpec } from './fixture/parts.ts';
import { peStub } from './fixture/pe-stub.ts';
import { peSections } from './pe.ts';
import { createSharedWork, type SharedWork } from './shared-work.ts';
import { putFile } from './tree-edit.ts';

const MIB = 1024 * 1024;
const CHUNK = 256 * 1024;
const env = { ...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter) };
const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const requestDigest = Digest.parse(`sha256:${'0'.repeat(64)}`);

let folder: string;
const optionsFor = (out: string, version = '1.0.0') => ({
  request: testRequest(version),
  requestDigest,
  sourceDir: folder,
  cacheDir: folder,
  workDir: join(folder, `${out}.work`),
  outDir: join(folder, out),
  agentBundles: { quickjs: Buffer.from('the agent'), node: Buffer.from('the agent') },
  progress: () => {},
  log: () => {},
});
const build = async (out: string, page = 'one', version = '1.0.0', rootSize = '16M') => {
  const options = optionsFor(out, version);
  const { outDir } = options;
  const result = await assembleImage(options, testClass(rootSize), testSpec(page), testParts());
  const read = async (name: string) => await readFile(join(outDir, name));
  return { outDir, result, read };
};
type Build = Awaited<ReturnType<typeof build>>;

let first: Build;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-image-'));
  first = await build('first');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const verifyRoot = (path: string, { result }: Build) =>
  run(
    'veritysetup',
    'verify',
    '--no-superblock',
    '--salt=-',
    `--data-blocks=${result.verityDataBlocks}`,
    `--hash-offset=${result.verityDataBlocks * 4096}`,
    path,
    path,
    result.rootHash,
  );

describe('root.img', () => {
  test('verifies against its root hash, and not with a byte changed', async () => {
    const path = join(first.outDir, 'root.img');
    expect(() => verifyRoot(path, first)).not.toThrow();
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(2 * MIB) ^ 1, 2 * MIB);
    const changed = join(folder, 'changed.img');
    await writeFile(changed, bytes);
    expect(() => verifyRoot(changed, first)).toThrow(/verif|corrupt/i);
  });

  test('is a sound erofs whose files have the owners and modes of the image', async () => {
    const path = join(first.outDir, 'root.img');
    run('fsck.erofs', path);
    const listing = run('dump.erofs', '--path=/etc/secret', path);
    expect(listing).toMatch(/Uid: 0\s+Gid: 0/);
    expect(listing).toMatch(/0600/);
    // The file's mode does not reach the directory above it.
    expect(run('dump.erofs', '--path=/etc', path)).toMatch(/0755/);
  });

  test('shares its chunks with the release after a small change', async () => {
    const second = await build('second', 'another page, longer than the first', '1.0.1');
    const [before, after] = await Promise.all([first.read('root.img'), second.read('root.img')]);
    const count = Math.ceil(after.length / CHUNK);
    const changed = Array.from({ length: count }, (_, index) => index).filter((index) => {
      const range = [index * CHUNK, (index + 1) * CHUNK] as const;
      return !before.subarray(...range).equals(after.subarray(...range));
    });
    // The first holds the superblock, the last ones the small files, the metadata and the tree.
    expect(changed.filter((index) => index !== 0 && index < count - 3)).toEqual([]);
  });
});

test('two builds of one request give the same bytes, disk included', async () => {
  const again = await build('again');
  expect(again.result).toEqual(first.result);
});

test('the result tells digests, sizes and components of what is there', async () => {
  const { artifacts, components, rootHash } = first.result;
  expect(artifacts.map(({ name }) => name)).toEqual([
    'uki.efi',
    'root.img',
    'sbom.cdx.json',
    'contents.jsonl.gz',
    'disk.img',
    'provenance.json',
  ]);
  for (const { name, size, digest } of artifacts) {
    const path = join(first.outDir, name);
    expect((await stat(path)).size).toBe(size);
    expect(`sha256:${run('sha256sum', path).slice(0, 64)}`).toBe(digest);
  }
  expect(components.map(({ name }) => name).sort()).toEqual([
    'boot',
    'busybox',
    'ca',
    'linux',
    'node',
    'web',
  ]);
  expect(first.result.resolved?.map(({ reference }) => reference)).toEqual([
    'deb:boot',
    'deb:busybox',
    'deb:ca',
    'deb:linux',
    'deb:node',
    'deb:web',
  ]);
  expect(rootHash).toMatch(/^[0-9a-f]{64}$/);
});

test('the UKI carries kernel and initramfs first and the root hash on its command line', async () => {
  const uki = await first.read('uki.efi');
  const sections = peSections(uki);
  expect(sections.map(({ name }) => name)).toEqual([
    '.text',
    '.linux',
    '.initrd',
    '.uname',
    '.osrel',
    '.cmdline',
  ]);
  const text = (wanted: string) => {
    const section = sections.find(({ name }) => name === wanted);
    return uki.toString('utf8', section?.offset, (section?.offset ?? 0) + (section?.size ?? 0));
  };
  expect(text('.uname')).toBe('6.1.0-test');
  expect(text('.cmdline')).toBe(
    `console=ttyS0 panic=1 quiet loglevel=4 cryptomgr.notests initcall_blacklist=jent_mod_init,init_kprobe_trace,trace_eval_init,ftrace_check_for_weak_functions example=1 slipway.roothash=${first.result.rootHash} slipway.blocks=${first.result.verityDataBlocks}`,
  );
  const { head, entries } = readContents(await first.read('contents.jsonl.gz'));
  const size = (wanted: string) => sections.find(({ name }) => name === wanted)?.size;
  const listed = (path: string) => {
    const entry = entries.get(`uki.efi/${path}`);
    return { size: entry?.size, component: head.origins[entry?.from ?? -1]?.component };
  };
  expect(listed('linux')).toEqual({ size: size('.linux'), component: 'deb:linux' });
  expect(listed('cmdline')).toEqual({ size: size('.cmdline'), component: undefined });
  expect(listed('stub').component).toBe('deb:boot');
  expect(listed('initrd/modules/dm_verity.ko').component).toBe('deb:linux');
  expect(listed('initrd/init').size).toBeGreaterThan(0);
});

describe('disk.img', () => {
  test('has four partitions with the types that boot loaders and Linux look for', () => {
    const disk = join(first.outDir, 'disk.img');
    expect(run('sgdisk', '--verify', disk)).toMatch(/No problems found/);
    const info = (number: number) => run('sgdisk', `--info=${number}`, disk);
    expect(info(1)).toMatch(/C12A7328-F81F-11D2-BA4B-00A0C93EC93B[\s\S]*'esp'/i);
    expect(info(2)).toMatch(/4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709[\s\S]*'root-a'/i);
    expect(info(3)).toMatch(/4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709[\s\S]*'root-b'/i);
    expect(info(4)).toMatch(/4D21B016-B534-45C2-A9FB-5C16E091FD2D[\s\S]*'data'/i);
    expect(info(2)).toMatch(/Attribute flags: 1000000000000000/);
  });

  test('holds slot a, an empty slot b, and a sound empty data partition', async () => {
    const disk = await first.read('disk.img');
    const root = await first.read('root.img');
    expect(disk.subarray(41 * MIB, 41 * MIB + root.length).equals(root)).toBe(true);
    expect(disk.subarray(57 * MIB, 73 * MIB).every((byte) => byte === 0)).toBe(true);
    const data = join(folder, 'data.img');
    await writeFile(data, disk.subarray(73 * MIB, 81 * MIB));
    run('e2fsck', '-fn', data);
  });

  test('starts the confirmed slot by name, never the newest', () => {
    const drive = `${join(first.outDir, 'disk.img')}@@${MIB}`;
    expect(run('mtype', '-i', drive, '::/loader/loader.conf')).toContain('default slot-a.efi');
    const listing = run('mdir', '-i', drive, '-/', '-b', '::/');
    expect(listing).toContain('::/EFI/BOOT/BOOTX64.EFI');
    expect(listing).toContain('::/EFI/Linux/slot-a.efi');
    expect(run('mtype', '-i', drive, '::/EFI/Linux/slot-a.efi').length).toBeGreaterThan(0);
  });
});

describe('disk.img of a Raspberry Pi', () => {
  const board = async (out: string): Promise<string> => {
    const parts = testParts();
    for (const name of ['start4.elf', 'bootcode.bin', 'u-boot.bin', 'bcm2711-rpi-4-b.dtb', 'overlays/x.dtbo'])
      putFile(parts.kernel.tree, `rpi/${name}`, noise(name, 20_000));
    putFile(parts.boot.tree, 'usr/lib/systemd/boot/efi/linuxaa64.efi.stub', peStub());
    const options = optionsFor(out);
    await assembleImage(
      options,
      { ...testClass(), arch: 'arm64', board: 'rpi', bootLoader: 'tryboot' },
      testSpec(),
      parts,
    );
    return join(options.outDir, 'disk.img');
  };

  test('says the same in GPT and MBR, and holds what the firmware looks for in each partition', async () => {
    const disk = await board('pi');
    expect(run('sgdisk', '--verify', disk)).toMatch(/No problems found/);
    const names = [...run('sgdisk', '--print', disk).matchAll(/^ +(\d) .* (\S+)$/gm)];
    expect(names.map(([, number, name]) => `${number} ${name}`)).toEqual([
      '1 esp',
      '2 boot-a',
      '3 boot-b',
      '4 root-a',
      '5 root-b',
      '6 data',
    ]);
    const bytes = await readFile(disk);
    const mbr = bytes.subarray(0, 512);
    const entries = [0, 1, 2, 3].map((index) => {
      const at = 446 + index * 16;
      return [mbr.readUInt8(at + 4), mbr.readUInt32LE(at + 8), mbr.readUInt32LE(at + 12)];
    });
    expect(entries).toEqual([
      [0x0c, 2048, 40 * 2048],
      [0x0c, 41 * 2048, 64 * 2048],
      [0x0c, 105 * 2048, 64 * 2048],
      [0xee, 1, 2047],
    ]);
    expect(mbr.readUInt16LE(510)).toBe(0xaa55);

    const read = (mib: number, path: string): string =>
      run('mtype', '-i', `${disk}@@${mib * MIB}`, `::/${path}`);
    expect(read(1, 'autoboot.txt').trim()).toBe(
      '[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n[all]',
    );
    expect(read(1, 'boot.scr')).toContain('fdt get value slipway_words /chosen bootargs');
    expect(read(41, 'cmdline.txt')).toBe('slipway.slot=a\n');
    expect(read(105, 'cmdline.txt')).toBe('slipway.slot=b\n');
    const slot = ['start4.elf', 'u-boot.bin', 'bcm2711-rpi-4-b.dtb', 'overlays/x.dtbo', 'config.txt'];
    for (const [mib, files] of [
      [1, ['bootcode.bin', 'EFI/Linux/slot-a.efi']],
      [41, slot],
      [105, slot],
    ] as const) {
      const listing = run('mdir', '-i', `${disk}@@${mib * MIB}`, '-/', '-b', '::/').split('\n');
      expect(listing).toEqual(expect.arrayContaining(files.map((file) => `::/${file}`)));
    }
    const part = join(folder, 'boot-a.img');
    await writeFile(part, bytes.subarray(41 * MIB, 105 * MIB));
    run('fsck.fat', '-n', part);
  });

  test('comes out the same twice, with a root that can hand the firmware its word', async () => {
    run('cmp', await board('pi-again'), join(folder, 'pi', 'disk.img'));
    const dump = run('dump.erofs', '--ls', '--path=/usr/lib/slipway', join(folder, 'pi-again', 'root.img'));
    expect(dump).toMatch(/ restart$/m);
    expect(run('dump.erofs', '--ls', '--path=/usr/lib/slipway', join(first.outDir, 'root.img'))).not.toMatch(
      / restart$/m,
    );
  });
});

test('a root that does not fit its slot is refused before anything is left', async () => {
  await expect(build('large', 'one', '1.0.0', '2M')).rejects.toMatchObject({ code: 'ROOT_TOO_LARGE' });
  await expect(stat(join(folder, 'large', 'root.img'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('the list of components is CycloneDX with a hash, a licence and a purl for each', async () => {
  const bom: unknown = JSON.parse((await first.read('sbom.cdx.json')).toString());
  expect(bom).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { name: 'test-class', version: '1.0.0' }, timestamp: '2026-09-21T14:13:20.000Z' },
    components: expect.arrayContaining([
      expect.objectContaining({
        name: 'busybox',
        purl: 'pkg:deb/debian/busybox@1.0',
        licenses: [{ license: { id: 'GPL-2.0-only' } }],
        hashes: [{ alg: 'SHA-256', content: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown }],
      }),
    ]) as unknown,
  });
});

describe('a class that is built here', () => {
  const parts = testParts();
  const byReference = new Map(
    [parts.kernel, parts.boot, ...parts.system, ...parts.containers.map(({ component }) => component)].map(
      (component) => [component.ref, component] as const,
    ),
  );
  /** Components are those of the fixture; all else is done. */
  const shared = (): SharedWork => ({
    ...createSharedWork(),
    component: async (key) => {
      const [, ref] = z.tuple([z.string(), z.string()]).rest(z.unknown()).parse(JSON.parse(key));
      const name = { 'deb:kernel': 'deb:linux', 'deb:slipway-loader': 'deb:boot', system: 'deb:busybox' }[
        ref
      ];
      const found = byReference.get(name ?? ref);
      if (found === undefined) throw new Error(`no fixture for ${ref}`);
      return found;
    },
  });
  let lines: string[] = [];
  const buildGate = (site: string, root = '16M', work = shared(), variables?: { readonly site: string }) =>
    buildClass({
      texts: {
        classFile: {
          name: 'classes/gate.yml',
          text: `name: gate\narch: amd64\nimages: [../gate.yml]\nvariables: { site: ${site} }\npartitions: { esp: 40M, root: ${root}, data: 8M }\noutputs: [vmdk, bundle]\n`,
        },
        imageFiles: [
          {
            name: 'gate.yml',
            text: "kernel: { image: 'deb:kernel' }\nvariables: { site: }\nfiles: [{ path: etc/site, contents: '${site}' }]\nagent: { enabled: false }\npackages: { kernel: { install: [linux] } }\n",
          },
        ],
        variables,
      },
      sourceDir: folder,
      cacheDir: join(folder, 'cache'),
      outDir: join(folder, 'classes'),
      version: '1.0.0',
      time: 1_790_000_000,
      shared: work,
      progress: () => {},
      log: (line) => lines.push(line),
    });
  const gate = (name = '') => join(folder, 'classes', 'gate', name);
  const digestsOf = ({ result }: ClassBuild) => result.artifacts.map(({ name, digest }) => [name, digest]);
  const kept = async (kind: string) =>
    (await readdir(join(folder, 'cache', kind), { recursive: true })).filter((name) => name.includes('.'));

  test('has all its outputs in a folder of its own, without an agent nothing for one, and the same from the cache', async () => {
    const north = await buildGate('north');
    expect((await readdir(gate())).sort()).toEqual([
      'contents.jsonl.gz',
      'disk.img',
      'provenance.json',
      'result.json',
      'root.img',
      'sbom.cdx.json',
      'uki.efi',
    ]);
    expect(run('dump.erofs', '--cat', '--path=/etc/site', gate('root.img'))).toBe('north');
    expect(run('dump.erofs', '--ls', '--path=/etc/slipway', gate('root.img'))).not.toMatch(/agent|trust/);
    expect(await kept('roots')).toHaveLength(2);
    const again = await buildGate('north');
    expect(digestsOf(again)).toEqual(digestsOf(north));
    expect(await kept('roots')).toHaveLength(2);
  });

  test('leaves no more than its last root in the cache', async () => {
    await buildGate('north');
    const before = await kept('roots');
    await buildGate('west');
    const after = await kept('roots');
    expect(after).toHaveLength(2);
    expect(after.filter((name) => before.includes(name))).toEqual([]);
  });

  test('is as good where its root cannot be kept', async () => {
    const north = await buildGate('north');
    await rm(join(folder, 'cache', 'roots'), { recursive: true });
    await writeFile(join(folder, 'cache', 'roots'), 'no folder');
    lines = [];
    expect(digestsOf(await buildGate('north'))).toEqual(digestsOf(north));
    expect(lines.join('\n')).toContain('warning: the root is not kept in the cache');
    await rm(join(folder, 'cache', 'roots'));
  });

  test('has variables that were given beside its files, and tells them', async () => {
    const north = await buildGate('north');
    const given = await buildGate('north', '16M', shared(), { site: 'east' });
    expect(run('dump.erofs', '--cat', '--path=/etc/site', gate('root.img'))).toBe('east');
    expect(given.result.build).not.toBe(north.result.build);
    const provenance = z.object({
      predicate: z.object({
        buildDefinition: z.object({ externalParameters: z.looseObject({ parameters: z.unknown() }) }),
      }),
    });
    const { predicate } = provenance.parse(JSON.parse(await readFile(gate('provenance.json'), 'utf8')));
    expect(predicate.buildDefinition.externalParameters.parameters).toMatchObject({
      variables: { site: 'east' },
    });
  });

  test('is not taken from a cache that was damaged', async () => {
    const north = await buildGate('north');
    for (const kind of ['roots', 'initramfs'])
      for (const name of await kept(kind)) await writeFile(join(folder, 'cache', kind, name), 'damaged');
    expect(digestsOf(await buildGate('north'))).toEqual(digestsOf(north));
  });

  test('that fails leaves the outputs of before; folders of others are not replaced', async () => {
    const before = await buildGate('north');
    await expect(buildGate('south', '64K')).rejects.toMatchObject({ code: 'ROOT_TOO_LARGE' });
    expect(await digestFile(gate('root.img'))).toBe(
      before.result.artifacts.find(({ name }) => name === 'root.img')?.digest,
    );
    expect(await readdir(join(folder, 'classes'))).toEqual(['gate']);
    await rm(gate('result.json'));
    await expect(buildGate('south')).rejects.toMatchObject({ code: 'NOT_WRITABLE' });
    expect(await readdir(gate())).toContain('root.img');
  });
});
