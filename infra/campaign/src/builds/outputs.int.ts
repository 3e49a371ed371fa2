import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertDisk, readSparseDisk } from '@slipway/image';
import { Artifact, ClassName, type Build, type BuildCreate, type OutputFormat } from '@slipway/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { makeBuildGround, type BuildGround } from './ground.ts';
import { untilOver } from './round.ts';
import { commandProcess } from './server-process.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const DISKS = ['disk', 'qcow2-efi', 'vmdk', 'vhd', 'dynamic-vhd', 'gcp', 'aws'] as const;
const classText = (name: string, more: string): string =>
  `name: ${name}\narch: amd64\nimages: [../small.yml]\npartitions: { esp: 40M, root: 16M, data: 8M }\n${more}`;

let folder: string;
let ground: BuildGround;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-outputs-'));
  ground = await makeBuildGround(root, folder);
  const files = {
    'small-disks': classText('small-disks', `outputs: [raw-efi, ${DISKS.join(', ')}, bundle]\n`),
    'small-signed': classText('small-signed', 'outputs: [disk, vmdk]\nsecureBoot: true\n'),
  };
  for (const [name, text] of Object.entries(files))
    await writeFile(join(ground.images, 'classes', `${name}.yml`), text);
});
afterAll(async () => {
  await ground?.close();
  await rm(folder, { recursive: true, force: true });
});

const build = async (deviceClass: string, asked: Partial<BuildCreate> = {}): Promise<Build> => {
  const { id } = await ground.client.builds.create({
    deviceClass: ClassName.parse(deviceClass),
    version: '1.2.3',
    ...asked,
  });
  const [over] = await untilOver(ground.client, [id]);
  if (over === undefined) throw new Error('no build');
  return over;
};

type Ran = { readonly status: number; readonly out: string; readonly err: string };
const slipway = (words: readonly string[], token = ground.adminToken): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], SLIPWAY_URL: ground.apiUrl, SLIPWAY_TOKEN: token };
    const program = join(root, 'packages', 'cli', 'src', 'main.ts');
    execFile(process.execPath, [program, ...words], { cwd: folder, env }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });

const digestOf = async (path: string): Promise<string> =>
  `sha256:${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
const namesOf = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
const qemuImg = (...words: string[]): string => execFileSync('qemu-img', words, { encoding: 'utf8' });
/** Everything below the store of one build and release. */
const stored = ({ id, release }: Build): string[] => [
  ...readdirSync(join(ground.storeDir, 'builds', id)),
  ...(existsSync(join(ground.storeDir, 'bundles'))
    ? readdirSync(join(ground.storeDir, 'bundles'))
    : []
  ).filter((name) => name.startsWith(release)),
];

test('a server makes every output that a class names; downloaded, each is the same disk', async () => {
  const made = await build('small-disks');
  expect(made).toMatchObject({ state: 'succeeded', code: null });
  expect(made.artifacts.flatMap(({ format }) => format ?? [])).toEqual([...DISKS]);
  const listed = await ground.client.releases.listArtifacts(made.release);
  expect(listed.map(({ format }) => format)).toEqual(['bundle', ...DISKS]);

  const formats = 'disk,qcow2-efi,vmdk,vhd,dynamic-vhd,bundle';
  const got = await slipway(['builds', 'download', made.id, '--format', formats, '--dir', 'got', '--json']);
  expect({ status: got.status, err: got.err }).toEqual({ status: 0, err: '' });
  const saved = z.array(Artifact.extend({ path: z.string() })).parse(JSON.parse(got.out));
  for (const { path, ...artifact } of saved) {
    expect(listed).toContainEqual(artifact);
    expect(await digestOf(path)).toBe(artifact.digest);
  }
  const at = (suffix: string): string => join(folder, 'got', `small-disks-1.2.3${suffix}`);
  for (const [driver, suffix] of [
    ['qcow2', '.qcow2'],
    ['vmdk', '.vmdk'],
    ['vpc', '.vhd'],
    ['vpc', '-dynamic.vhd'],
  ] as const)
    expect(qemuImg('compare', '-f', 'raw', '-F', driver, at('.img'), at(suffix))).toContain('identical');
  expect(readdirSync(join(folder, 'got'))).toHaveLength(6);
  // Both are the disk in whole GiB; of a download there is nothing more to be seen.
  const inStore = (name: string): string => join(ground.storeDir, 'builds', made.id, name);
  execFileSync('tar', ['-xSzf', inStore('disk.img.tar.gz'), '-C', folder]);
  const whole = qemuImg('compare', '-f', 'raw', '-F', 'raw', join(folder, 'disk.raw'), inStore('disk.raw'));
  expect(whole).toContain('identical');

  await goesOn(made, at('.qcow2'));
  await refuses(made);
  await isReproducible(made);
});

/** A download goes on with what is there, and keeps nothing that is not what was made. */
const goesOn = async (made: Build, path: string): Promise<void> => {
  const again = () => slipway(['builds', 'download', made.id, '--format', 'qcow2-efi', '--dir', 'got']);
  const digest = made.artifacts.find(({ format }) => format === 'qcow2-efi')?.digest;
  await rename(path, `${path}.part`);
  await truncate(`${path}.part`, 300_000);
  expect((await again()).status).toBe(0);
  expect(await digestOf(path)).toBe(digest);
  // Had it begun anew, this would not matter.
  await writeFile(`${path}.part`, 'another beginning');
  await rm(path);
  expect(await again()).toMatchObject({ err: expect.stringMatching(/^BUNDLE_DIGEST_MISMATCH: disk\.qcow2/) });
  expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
};

const refuses = async (made: Build): Promise<void> => {
  const url = `${ground.apiUrl}/v1/releases/${made.release}/artifacts`;
  for (const path of [url, `${url}/disk.vmdk`]) expect((await fetch(path)).status).toBe(401);
  const none = await slipway(['builds', 'artifacts', made.id], 'swt_nobody');
  expect(none.err).toMatch(/^AUTH_REQUIRED/);
  const gone = await slipway(['releases', 'download', made.release, '--format', 'iso-efi']);
  expect([gone.status, gone.err]).toEqual([64, expect.stringContaining('--format')]);
};

/** What is made here of the same disk is the same to the byte. */
const isReproducible = async (made: Build): Promise<void> => {
  const disk = await readSparseDisk(join(ground.storeDir, 'builds', made.id, 'disk.img'));
  const { digest } = await convertDisk('vmdk', disk, folder, 'small-disks');
  expect(made.artifacts.find(({ format }) => format === 'vmdk')?.digest).toBe(digest);
};

test('with Secure Boot the disks are those that the signer has signed, in each format', async () => {
  const made = await build('small-signed');
  expect(made).toMatchObject({ state: 'succeeded', code: null });
  expect(made.artifacts.flatMap(({ format }) => format ?? [])).toEqual(['disk']);
  const listed = await ground.client.releases.listArtifacts(made.release);
  expect(namesOf(listed)).toEqual(['bundle.tar', 'disk.img', 'disk.vmdk']);
  expect((await slipway(['builds', 'download', made.id, '--dir', 'signed'])).status).toBe(0);
  const at = (suffix: string): string => join(folder, 'signed', `small-signed-1.2.3${suffix}`);
  expect(await digestOf(at('.img'))).not.toBe(made.artifacts.find(({ name }) => name === 'disk.img')?.digest);
  expect(qemuImg('compare', '-f', 'raw', '-F', 'vmdk', at('.img'), at('.vmdk'))).toContain('identical');
  expect(stored(made).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('a build may name outputs of its own; one that cannot be written leaves none', async () => {
  const outputs: OutputFormat[] = ['qcow2-efi', 'vhd'];
  await Promise.all([ground.victims['builder-a'].kill(), ground.victims['builder-b'].kill()]);
  // Its files may be as large as the disk, and a VHD is larger by its footer. mkfs.erofs plans with more.
  const tools = join(folder, 'tools');
  await mkdir(tools);
  const unlimited = '#!/bin/sh\nulimit -S -f unlimited\nPATH=${PATH#*:} exec mkfs.erofs "$@"\n';
  await writeFile(join(tools, 'mkfs.erofs'), unlimited, { mode: 0o755 });
  const program = join(root, 'services', 'builder', 'src', 'main.ts');
  const limit = `PATH=${tools}:$PATH; ulimit -S -f ${82 * 1024}; exec "$@"`;
  const limited = commandProcess(
    'limited',
    ['bash', '-c', limit, 'bash', process.execPath, program],
    {
      SLIPWAY_STORE: ground.storeDir,
      SLIPWAY_CACHE: join(folder, 'cache'),
      SLIPWAY_AGENT_BUNDLES: join(folder, 'agent'),
      REDIS_URL: ground.redisUrl,
    },
    '"msg":"builder is up"',
    join(folder, 'logs'),
  );
  await limited.start();
  const failed = await build('small-disks', { version: '1.2.4', outputs });
  await limited.kill();
  expect(failed).toMatchObject({ state: 'failed', artifacts: [] });
  const log = await readFile(join(ground.storeDir, 'builds', failed.id, 'build.log'), 'utf8');
  expect(log).toMatch(/ writing qcow2-efi\n[^]* writing vhd\n.* failed: .*EFBIG/);
  expect(stored(failed).sort()).toEqual(['build.log', 'request.json']);

  await ground.victims['builder-a'].start();
  const { id } = await ground.client.builds.retry(failed.id);
  const [made] = await untilOver(ground.client, [id]);
  expect(made?.artifacts.flatMap(({ format }) => format ?? [])).toEqual(['disk', ...outputs]);
});
