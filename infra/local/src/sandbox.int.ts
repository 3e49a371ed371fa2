import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Layout, layoutOf, makeFolders, ROOT } from './layout.ts';
import { makeKeys } from './pki.ts';
import { probeSandbox, type Sandbox, sandboxed } from './sandbox.ts';
import { builderSandbox, qualifierSandbox, signerSandbox, type Workers } from './workers.ts';

let folder: string;
let layout: Layout;
let builder: Sandbox;
let signer: Sandbox;
let qualifier: Sandbox;

/** Runs shell text inside; what it prints, or undefined where it fails. */
const inside = (sandbox: Sandbox, script: string): string | undefined => {
  const [program = '', ...args] = sandboxed(sandbox, ['/bin/sh', '-c', script]);
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  return status === 0 ? stdout : undefined;
};

/** Of a signing profile beside the default one: what signs, what belongs on a medium, and what is public. */
const ofProfile = (): { key: string; offlineKey: string; root: string } => ({
  key: join(layout.profileKeysDir, 'pumps', 'leaf.key.pem'),
  offlineKey: join(layout.offlineDir, 'profiles', 'pumps', 'root.key.pem'),
  root: join(layout.profilesDir, 'pumps', 'release-root.pem'),
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-sandbox-'));
  layout = layoutOf(join(folder, 'data'));
  await makeFolders(layout);
  await makeKeys(layout, '10.0.2.2');
  const { key, offlineKey } = ofProfile();
  for (const file of [key, offlineKey]) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, 'a private key of pumps', { mode: 0o400 });
  }
  writeFileSync(join(dirname(key), 'root.pem'), 'the root of pumps');
  // As the next start does.
  await makeKeys(layout, '10.0.2.2');
  const images = join(folder, 'images');
  const cacheDir = join(folder, 'cache');
  const socketDir = join(layout.dataDir, 'run');
  for (const path of [images, cacheDir, socketDir, join(folder, 'other')])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(images, 'edge.yml'), 'an image file');
  mkdirSync(layout.agentBundlesDir);
  writeFileSync(join(layout.agentBundlesDir, 'quickjs.mjs'), 'the agent');
  writeFileSync(layout.adminTokenFile, 'token', { mode: 0o600 });
  writeFileSync(join(layout.signerStateDir, 'log.jsonl'), 'log');
  writeFileSync(join(layout.buildsDir, 'one'), 'a build');
  writeFileSync(join(layout.bundlesDir, 'one'), 'a bundle');
  writeFileSync(join(folder, 'other', 'secret'), 'of another instance');
  const workers: Workers = {
    layout,
    imagesDir: images,
    cacheDir,
    redis: { url: `unix://${socketDir}/redis.sock`, socketDir, close: async () => undefined },
    isolation: 'isolated',
    say: () => undefined,
  };
  builder = builderSandbox(workers);
  signer = signerSandbox(workers);
  qualifier = qualifierSandbox(workers);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a start after a cut in a rotation takes the keys there are, and makes no other ones', async () => {
  const folders = [layout.signerKeysDir, layout.serverDir, dirname(layout.deviceCaCert)];
  const files = [layout.releaseRoot, layout.serverCaCert, layout.deviceCaCert];
  const read = () =>
    [...files, join(layout.offlineDir, 'root.key.pem')].map((file) => readFileSync(file, 'utf8'));
  const before = read();
  for (const keys of folders) renameSync(keys, `${keys}.old`);
  await makeKeys(layout, '10.0.2.2');
  expect(read()).toEqual(before);
  // Other names for the server: its authority stays also where that was cut.
  await makeKeys(layout, 'edge.example');
  expect(read()).toEqual(before);
});

test('bubblewrap works here, else nothing below means anything', async () => {
  expect(await probeSandbox()).toBeUndefined();
});

describe('the builder', () => {
  test('reads image files, the agent, its builds, and bundles', () => {
    for (const path of [
      join(folder, 'images', 'edge.yml'),
      join(layout.agentBundlesDir, 'quickjs.mjs'),
      join(layout.buildsDir, 'one'),
      join(layout.bundlesDir, 'one'),
      join(ROOT, 'services', 'builder', 'src', 'main.ts'),
    ]) {
      expect(inside(builder, `cat ${path}`), `at ${path}`).not.toBeUndefined();
    }
  });

  test('cannot read a key, the log of the signer, the token, or another instance', () => {
    for (const path of [
      join(layout.signerKeysDir, 'leaf.key.pem'),
      join(layout.signerKeysDir, 'root.pem'),
      join(layout.signerStateDir, 'log.jsonl'),
      join(layout.offlineDir, 'root.key.pem'),
      ofProfile().key,
      ofProfile().offlineKey,
      join(layout.secureBootKeysDir, 'db.key.pem'),
      join(layout.secureBootOfflineDir, 'KEK.key.pem'),
      layout.deviceCaKey,
      layout.serverCaKey,
      layout.serverKey,
      layout.gatewayKey,
      layout.adminTokenFile,
      join(folder, 'other', 'secret'),
      '/etc/shadow',
    ]) {
      // It is there, and we can read it; only the builder cannot.
      expect(execFileSync('cat', [path]).length, `at ${path}`).toBeGreaterThan(0);
      expect(inside(builder, `cat ${path}`), `at ${path}`).toBeUndefined();
    }
  });

  test('finds no key anywhere in its file system', () => {
    for (const key of [
      join(layout.signerKeysDir, 'leaf.key.pem'),
      join(layout.secureBootKeysDir, 'db.key.pem'),
    ]) {
      // The lines before it are the same for every key of the kind.
      const marker = execFileSync('sed', ['-n', '5p', key], { encoding: 'utf8' }).trim();
      expect(marker.length).toBeGreaterThan(60);
      const found = inside(
        builder,
        `grep -rlF '${marker}' ${folder} ${layout.dataDir} /tmp /run 2>/dev/null; true`,
      );
      expect(found, `of ${key}`).toBe('');
    }
  });

  test('cannot look into another process: it sees its own only', () => {
    const seen = inside(builder, 'cd /proc && ls -d [0-9]*')?.trim().split('\n') ?? [];
    expect(seen).toContain('1');
    expect(seen.length).toBeLessThan(4);
    expect(inside(builder, `kill -0 ${process.pid}`)).toBeUndefined();
  });

  test('writes builds and cache, and nothing else', () => {
    for (const path of [layout.buildsDir, join(folder, 'cache')]) {
      expect(inside(builder, `touch ${path}/new`), `at ${path}`).not.toBeUndefined();
    }
    for (const path of [layout.bundlesDir, join(folder, 'images'), ROOT, layout.dataDir, '/usr', '/etc']) {
      // What lands in the file system in memory that surrounds the mounts is gone with the process.
      inside(builder, `touch ${path}/slipway-was-here`);
      expect(
        () => execFileSync('cat', [`${path}/slipway-was-here`], { stdio: 'pipe' }),
        `at ${path}`,
      ).toThrow(/No such file/);
    }
  });

  test('cannot mount the keys, nor gain rights', () => {
    expect(inside(builder, `mkdir -p /tmp/x && mount --bind ${layout.dataDir} /tmp/x`)).toBeUndefined();
    expect(inside(builder, 'grep CapEff /proc/self/status')).toMatch(/CapEff:\s0+$/m);
  });

  test('finds the registries and credentials that its user has set up', () => {
    const config = join(folder, 'docker');
    mkdirSync(config);
    writeFileSync(join(config, 'config.json'), '{"auths":{}}');
    process.env['DOCKER_CONFIG'] = config;
    try {
      expect(inside(builder, 'cat $DOCKER_CONFIG/config.json')).toBe('{"auths":{}}');
      expect(inside(signer, `cat ${config}/config.json`)).toBeUndefined();
    } finally {
      delete process.env['DOCKER_CONFIG'];
    }
  });

  test('gets no setting of ours but those it is given', () => {
    process.env['SLIPWAY_TEST_SECRET'] = 'x';
    try {
      expect(inside(builder, 'env')).not.toMatch(/SLIPWAY_TEST_SECRET/);
      expect(inside(builder, 'env')).toMatch(/^SLIPWAY_STORE=/m);
    } finally {
      delete process.env['SLIPWAY_TEST_SECRET'];
    }
  });
});

describe('the signer', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  const fetchText = (): string => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    return `${process.execPath} -e "require('net').connect(${port},'127.0.0.1').on('connect',()=>process.exit(0)).on('error',()=>process.exit(9))"`;
  };

  test('has no network, not even loopback of this machine', () => {
    expect(inside(builder, fetchText())).toBe('');
    expect(inside(signer, fetchText())).toBeUndefined();
    expect(inside(signer, 'cat /proc/net/dev')).not.toMatch(/eth|ens|enp|wl/);
  });

  test('reads its keys and the builds, and changes neither', () => {
    const key = join(layout.signerKeysDir, 'leaf.key.pem');
    expect(inside(signer, `cat ${key}`)).toMatch(/PRIVATE KEY/);
    expect(inside(signer, `cat ${join(layout.buildsDir, 'one')}`)).toBe('a build');
    expect(inside(signer, `cat ${ofProfile().key}`)).toBe('a private key of pumps');
    expect(inside(signer, `rm -f ${ofProfile().key}`)).toBeUndefined();
    expect(inside(signer, `touch ${layout.signerKeysDir}/x`)).toBeUndefined();
    expect(inside(signer, `rm -f ${key}`)).toBeUndefined();
    const db = join(layout.secureBootKeysDir, 'db.key.pem');
    expect(inside(signer, `cat ${db}`)).toMatch(/PRIVATE KEY/);
    for (const offline of [
      join(layout.offlineDir, 'root.key.pem'),
      ofProfile().offlineKey,
      join(layout.secureBootOfflineDir, 'PK.key.pem'),
      join(layout.secureBootOfflineDir, 'KEK.key.pem'),
    ]) {
      expect(execFileSync('cat', [offline]).length, `at ${offline}`).toBeGreaterThan(0);
      expect(inside(signer, `cat ${offline}`), `at ${offline}`).toBeUndefined();
    }
    expect(inside(signer, `touch ${layout.buildsDir}/x`)).toBeUndefined();
  });

  test('writes its log and bundles', () => {
    for (const path of [layout.signerStateDir, layout.bundlesDir]) {
      expect(inside(signer, `touch ${path}/new`), `at ${path}`).not.toBeUndefined();
    }
  });

  test('reads no key of another tree', () => {
    for (const path of [layout.offlineDir, layout.deviceCaKey, layout.serverCaKey, layout.adminTokenFile]) {
      expect(inside(signer, `ls ${path}`), `at ${path}`).toBeUndefined();
    }
  });
});

describe('the qualifier', () => {
  test('reads builds and bundles, and the key of its own cloud; none that is trusted elsewhere', () => {
    for (const path of [join(layout.buildsDir, 'one'), join(layout.bundlesDir, 'one'), layout.qualifierKey])
      expect(inside(qualifier, `cat ${path}`), `at ${path}`).not.toBeUndefined();
    expect(inside(qualifier, `cat ${ofProfile().root}`)).toBe('the root of pumps');
    for (const path of [
      ofProfile().key,
      ofProfile().offlineKey,
      layout.signerKeysDir,
      layout.serverKey,
      layout.serverCaKey,
      layout.gatewayKey,
      layout.deviceCaKey,
      layout.adminTokenFile,
    ])
      expect(inside(qualifier, `ls ${path}`), `at ${path}`).toBeUndefined();
  });

  test('writes what came out, and disks; builds and bundles stay as they are', () => {
    for (const path of [layout.qualificationsDir, layout.qualifierWorkDir])
      expect(inside(qualifier, `touch ${path}/new`), `at ${path}`).not.toBeUndefined();
    for (const path of [layout.buildsDir, layout.bundlesDir])
      expect(inside(qualifier, `touch ${path}/new`), `at ${path}`).toBeUndefined();
  });

  test('has a loopback of its own and no other network', () => {
    expect(inside(qualifier, 'cat /proc/net/dev')).not.toMatch(/eth|ens|enp|wl/);
  });
});
