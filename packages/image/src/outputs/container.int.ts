import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Tree, TreeEntry } from '@slipway/components';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeFormat } from './formats.ts';
import { createStaging } from './staging.ts';

/** buildah runs containers as root. */
const asRoot = (...words: readonly [string, ...string[]]): string => {
  const [program, ...args] = process.getuid?.() === 0 ? words : (['sudo', '-n', ...words] as const);
  return execFileSync(program, args, { encoding: 'utf8' });
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-container-'));
});
afterAll(() => {
  asRoot('rm', '-rf', folder);
});

const meta = { uid: 0, gid: 0, mtime: 1_000_000_000, source: 'oci:test', mode: 0o755 };

/** busybox of this machine with the libraries it needs, and an init that tells where it is. */
const treeOf = async (): Promise<Tree> => {
  const busybox = execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim();
  const libraries = execFileSync('ldd', [busybox], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  const init = Buffer.from(`#!${busybox} sh\nbusybox cat /etc/motd; busybox stat -c '%a %u' /etc/motd\n`);
  const files = new Map<string, TreeEntry>([
    ['bin/rc.init', { ...meta, path: 'bin/rc.init', type: 'file', content: init }],
    [
      'etc/motd',
      { ...meta, path: 'etc/motd', type: 'file', mode: 0o640, uid: 7, content: Buffer.from('hello\n') },
    ],
  ]);
  for (const place of [busybox, ...libraries]) {
    const path = place.slice(1);
    files.set(path, { ...meta, path, type: 'file', content: await readFile(await realpath(place)) });
  }
  const folders = new Map<string, TreeEntry>();
  for (const name of files.keys())
    for (let path = dirname(name); path !== '.'; path = dirname(path))
      folders.set(path, { ...meta, path, type: 'directory' });
  return new Map([...[...folders].toSorted(([a], [b]) => (a < b ? -1 : 1)), ...files]);
};

test.each(['docker', 'oci'] as const)('an engine starts what the image of %s names', async (format) => {
  const out = join(folder, format);
  await mkdir(out);
  const staging = await createStaging(out);
  const [file] = await writeFormat(format, {
    tree: await treeOf(),
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    name: 'image',
    cacheDir: join(folder, 'cache'),
    staging,
    efiPrograms: () => Promise.resolve(new Map()),
  });
  await staging.commit();
  const store = ['--root', join(out, 'root'), '--runroot', join(out, 'run'), '--storage-driver', 'vfs'];
  const policy = join(out, 'policy.json');
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  // More than this process may have is refused.
  const limits = ['nofile', 'nproc'].flatMap((name, index) => {
    const most = execFileSync('bash', ['-c', `ulimit -H${'nu'.charAt(index)}`], { encoding: 'utf8' }).trim();
    return most === 'unlimited' ? [] : ['--ulimit', `${name}=${most}:${most}`];
  });
  const archive = `${format}-archive:${join(out, file?.name ?? '')}`;
  const container = asRoot(
    'buildah',
    ...store,
    'from',
    '--quiet',
    '--signature-policy',
    policy,
    ...limits,
    archive,
  ).trim();
  const entry = asRoot('buildah', ...store, 'inspect', '--format', '{{.OCIv1.Config.Entrypoint}}', container);
  expect(entry.trim()).toBe('[/bin/rc.init]');
  expect(asRoot('buildah', ...store, 'run', '--isolation', 'chroot', container, '--', '/bin/rc.init')).toBe(
    'hello\n640 7\n',
  );
});
