import { codeOf } from '@slipway/protocol';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packRepository } from './pack-repository.ts';
import { packComponent } from './pack.ts';
import { resolveComponent } from './resolve.ts';

let repository: string;
let cacheDir: string;
beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'slipway-pack-'));
  cacheDir = join(repository, 'cache');
  const folder = join(repository, 'components', 'web');
  await mkdir(join(folder, 'files', 'usr', 'bin'), { recursive: true });
  await writeFile(
    join(folder, 'component.yml'),
    `name: web
version: 1.2.3
packages: {install: [busybox-static], dependencies: none, include: [usr/bin/busybox]}
config: {entrypoint: [/usr/bin/start], env: ['A=b']}
container: {net: host, capabilities: [CAP_NET_BIND_SERVICE]}
`,
  );
  await writeFile(join(folder, 'files', 'usr', 'bin', 'start'), '#!/usr/bin/busybox sh\n');
  await chmod(join(folder, 'files', 'usr', 'bin', 'start'), 0o700);
  await symlink('busybox', join(folder, 'files', 'usr', 'bin', 'sh'));
});
afterAll(async () => {
  await rm(repository, { recursive: true, force: true });
});

test('a component packs to an image of both architectures, twice to the same digests', async () => {
  expect(await packRepository(repository, { cacheDir })).toEqual(['oci/web']);
  const index = await readFile(join(repository, 'oci', 'web', 'index.json'), 'utf8');
  await packRepository(repository, { cacheDir });
  expect(await readFile(join(repository, 'oci', 'web', 'index.json'), 'utf8')).toBe(index);
  const options = { baseDir: repository, cacheDir, spec: { packages: {} } };
  const [amd, arm] = await Promise.all([
    resolveComponent('oci:oci/web:1.2.3', { ...options, arch: 'amd64' }),
    resolveComponent('oci:oci/web', { ...options, arch: 'arm64' }),
  ]);
  expect([...amd.tree.keys()].sort()).toEqual([
    'bin',
    'usr',
    'usr/bin',
    'usr/bin/busybox',
    'usr/bin/sh',
    'usr/bin/start',
  ]);
  expect(amd.tree.get('usr/bin/start')).toMatchObject({ mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  expect(amd.tree.get('usr/bin/sh')).toMatchObject({ type: 'symlink', target: 'busybox' });
  expect(amd.config).toMatchObject({
    Entrypoint: ['/usr/bin/start'],
    Env: ['A=b'],
    Labels: { 'org.mobyproject.config': '{"capabilities":["CAP_NET_BIND_SERVICE"],"net":"host"}' },
  });
  expect(arm.origins.map(({ type, name }) => `${type} ${name}`)).toEqual([
    'oci web',
    'oci web/layer-0',
    'oci web/layer-1',
    'deb busybox-static',
  ]);
  expect(arm.tree.get('usr/bin/busybox')).not.toEqual(amd.tree.get('usr/bin/busybox'));
});

test('a mistake in component.yml is pointed at, and no layout appears', async () => {
  const folder = await mkdtemp(join(repository, 'bad-'));
  await writeFile(join(folder, 'component.yml'), 'name: web\nversion: 1.0.0\ncontainr: {}\n');
  const error: unknown = await packComponent(folder, join(folder, 'oci'), { cacheDir }).catch(
    (thrown: unknown) => thrown,
  );
  expect(codeOf(error)).toBe('SPEC_INVALID');
  expect(error).toMatchObject({ details: { line: 3, column: 1, suggestion: 'container' } });
  expect(await readdir(folder)).toEqual(['component.yml']);
});
