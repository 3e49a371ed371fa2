import { codeOf, type Arch } from '@slipway/protocol';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readContent } from '../../content.ts';
import type { Tree } from '../../tree.ts';
import { readPackageSet } from '../component.ts';
import { subjectHash } from './subject-hash.ts';
import { parseSysusers } from './sysusers-lines.ts';
import { addSystemUsers } from './user-database.ts';

const run = promisify(execFile);
const env = { ...process.env, LC_ALL: 'C', SOURCE_DATE_EPOCH: '0' };

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slipway-generate-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

type Set = Parameters<typeof readPackageSet>[1];
const read = async (install: string[], more: Partial<Set> = {}, arch: Arch = 'amd64'): Promise<Tree> => {
  const set: Set = { install, dependencies: 'none', ...more };
  return (await readPackageSet('deb:test', set, arch, { cacheDir: join(scratch, 'cache') })).tree;
};

const bytesAt = (tree: Tree, path: string): Buffer => {
  const entry = tree.get(path);
  if (entry?.type !== 'file') throw new Error(`no file ${path}`);
  return Buffer.from(readContent(entry.content));
};

/** A tree as files, for the tools that Debian has for the same thing. */
const unpack = async (tree: Tree, name: string, without: RegExp): Promise<string> => {
  const root = join(scratch, name);
  for (const entry of [...tree.values()].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const path = join(root, entry.path);
    if (without.test(entry.path)) continue;
    await mkdir(dirname(path), { recursive: true });
    if (entry.type === 'directory') await mkdir(path, { recursive: true });
    else if (entry.type === 'symlink') await symlink(entry.target, path);
    else if (entry.type === 'file') await writeFile(path, readContent(entry.content));
  }
  return root;
};

test('the CA bundle and its links are those of update-ca-certificates', async () => {
  const tree = await read(['ca-certificates']);
  const root = await unpack(tree, 'ca', /^etc\/(?:ssl|ca-certificates)/);
  const folder = join(root, 'etc', 'ssl', 'certs');
  await mkdir(folder, { recursive: true });
  await mkdir(join(root, 'etc', 'ca-certificates', 'update.d'), { recursive: true });
  await writeFile(join(root, 'etc', 'ca-certificates.conf'), '');
  await run('update-ca-certificates', ['--default', '--sysroot', root], { env });

  expect(bytesAt(tree, 'etc/ssl/certs/ca-certificates.crt')).toEqual(
    await readFile(join(folder, 'ca-certificates.crt')),
  );
  const theirs = new Map<string, string>();
  for (const name of await readdir(folder))
    if (name !== 'ca-certificates.crt')
      theirs.set(name, (await readlink(join(folder, name))).replace(root, '').replace('//', '/'));
  const ours = new Map<string, string>();
  for (const { path, ...entry } of tree.values())
    if (path.startsWith('etc/ssl/certs/') && entry.type === 'symlink')
      ours.set(path.slice('etc/ssl/certs/'.length), entry.target);
  expect(theirs.size).toBeGreaterThan(250);
  expect(ours).toEqual(theirs);
});

test.each([
  ['spaces and case', '/C=DE/O=  A  b\t C /CN=ROOT', []],
  ['other scripts', '/O=Ünï Čode/CN=根', ['-utf8']],
  ['several values in one place', '/O=x/UID=2+CN=B a+OU=z', []],
  ['no subject', '/', []],
])('the hash of a subject is that of OpenSSL: %s', async (_title, subject, options) => {
  const args = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', '/dev/null', '-days', '1'];
  const { stdout } = await run('openssl', [...args, '-subj', subject, ...options, '-outform', 'PEM'], {
    env,
  });
  const file = join(await mkdtemp(join(scratch, 'x509-')), 'a.pem');
  await writeFile(file, stdout);
  const { stdout: hash } = await run('openssl', ['x509', '-in', file, '-noout', '-subject_hash'], { env });
  expect(subjectHash(new X509Certificate(stdout).raw)).toBe(hash.trim());
});

const listing = async (file: string): Promise<string[]> => {
  const { stdout } = await run('/usr/sbin/ldconfig', ['-p', '-C', file], { env });
  return stdout.split('\n').filter((line) => line.includes('=>'));
};

test('the cache of libraries lists what ldconfig lists, in its order', async () => {
  // Two directories by configuration, links for compilers, a library under several names.
  const tree = await read(['crun', 'libc-bin', 'libfakeroot', 'libstdc++6', 'zlib1g-dev'], {
    dependencies: 'full',
  });
  const root = await unpack(tree, 'ld', /^etc\/ld\.so\.cache$/);
  await run('/usr/sbin/ldconfig', ['-r', root, '-C', '/theirs'], { env });
  await writeFile(join(root, 'ours'), bytesAt(tree, 'etc/ld.so.cache'));
  const theirs = await listing(join(root, 'theirs'));
  expect(theirs.length).toBeGreaterThan(30);
  expect(theirs.some((line) => line.includes('libfakeroot/'))).toBe(true);
  expect(theirs.some((line) => line.includes('libz.so '))).toBe(true);
  expect(await listing(join(root, 'ours'))).toEqual(theirs);
});

test('a cache for arm64 is made on any machine', async () => {
  const tree = await read(['crun'], { dependencies: 'full' }, 'arm64');
  const file = join(scratch, 'arm64.cache');
  await writeFile(file, bytesAt(tree, 'etc/ld.so.cache'));
  const lines = await listing(file);
  expect(lines).toContain('\tlibc.so.6 (libc6,AArch64) => /lib/aarch64-linux-gnu/libc.so.6');
  expect(lines.every((line) => line.includes('(libc6,AArch64) => /'))).toBe(true);
});

const sysusers = async (root: string): Promise<readonly [string, string]> => {
  await run('systemd-sysusers', [`--root=${root}`], { env });
  return [
    await readFile(join(root, 'etc', 'passwd'), 'utf8'),
    await readFile(join(root, 'etc', 'group'), 'utf8'),
  ];
};

test('users and groups are those of base-passwd and systemd-sysusers', async () => {
  const install = ['base-passwd', 'dbus-system-bus-common', 'systemd-timesyncd', 'openssh-server'];
  const tree = await read(install);
  const include = ['usr/lib/sysusers.d/*', 'usr/share/base-passwd/*'];
  const root = await unpack(await read(install, { include }), 'users', /^$/);
  expect((await readdir(join(root, 'usr', 'lib', 'sysusers.d'))).length).toBeGreaterThan(1);
  await mkdir(join(root, 'etc'));
  for (const name of ['passwd', 'group'])
    await copyFile(join(root, 'usr', 'share', 'base-passwd', `${name}.master`), join(root, 'etc', name));
  const ours = ['etc/passwd', 'etc/group'].map((path) => bytesAt(tree, path).toString());
  expect(ours).toEqual(await sysusers(root));
});

test.each([
  ["a user whose number is its group's", 'u a 700\n'],
  ['members make users and groups', 'm a b\nm c b\nu c - "C c" /srv/c /bin/sh\n'],
  ['a group of that name', 'g a 300\nu a -\n'],
  ['a group of another name', 'g b 300\nu a 55:b\nu c -:b\n'],
  ['numbers that are taken', 'u a 40\nu b 40\ng c 40\nu d 41:40\n'],
  ['a range', 'r - 500-502\nu a -\ng b -\nu! c -\n'],
  ['the first line of a name counts', 'u a 60\nu a 61\ng g 70\ng g 71\n'],
])('sysusers.d: %s', async (_title, text) => {
  const root = await mkdtemp(join(scratch, 'sysusers-'));
  await mkdir(join(root, 'etc', 'sysusers.d'), { recursive: true });
  await writeFile(join(root, 'etc', 'sysusers.d', 'a.conf'), text);
  const ours = addSystemUsers({ passwd: '', group: '' }, parseSysusers(text, 'a.conf'), () => undefined);
  expect([ours.passwd, ours.group]).toEqual(await sysusers(root));
});

test('the list of shells is that of update-shells', async () => {
  const tree = await read(['debianutils', 'bash', 'dash']);
  const root = await unpack(tree, 'shells', /^etc\/shells$/);
  await mkdir(join(root, 'var', 'lib'), { recursive: true });
  await mkdir(join(root, 'etc'), { recursive: true });
  await run('update-shells', ['--root', root], { env });
  expect(bytesAt(tree, 'etc/shells').toString()).toBe(await readFile(join(root, 'etc', 'shells'), 'utf8'));
});

test('the links of an alternative are those of update-alternatives', async () => {
  const tree = await read(['mawk'], { alternatives: { 'usr/bin/awk': 'usr/bin/mawk' } });
  const root = await unpack(tree, 'awk', /awk$|alternatives/);
  await mkdir(join(root, 'usr', 'bin'), { recursive: true });
  for (const folder of ['etc/alternatives', 'var/lib/dpkg/alternatives', 'var/log'])
    await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'usr', 'bin', 'mawk'), '');
  await run(
    'update-alternatives',
    ['--root', root, '--install', '/usr/bin/awk', 'awk', '/usr/bin/mawk', '5'],
    { env },
  );
  for (const path of ['usr/bin/awk', 'etc/alternatives/awk'])
    expect(tree.get(path)).toMatchObject({ type: 'symlink', target: await readlink(join(root, path)) });
});

test('with include nothing is made unasked; what is asked for must be possible', async () => {
  const include = ['usr/share/ca-certificates/**'];
  expect(
    [...(await read(['ca-certificates'], { include })).keys()].some((path) => path.startsWith('etc')),
  ).toBe(false);
  const asked = await read(['ca-certificates'], { include: ['no/such'], generate: ['ca-certificates'] });
  expect([...asked.keys()]).toEqual(['etc', 'etc/ssl', 'etc/ssl/certs', 'etc/ssl/certs/ca-certificates.crt']);
  await expect(read(['ca-certificates'], { generate: ['ld-cache'] })).rejects.toSatisfy(
    (error) => codeOf(error) === 'COMPONENT_INVALID',
  );
  await expect(
    read(['ca-certificates'], { alternatives: { 'usr/bin/awk': 'usr/bin/mawk' } }),
  ).rejects.toSatisfy((error) => codeOf(error) === 'COMPONENT_INVALID');
});
