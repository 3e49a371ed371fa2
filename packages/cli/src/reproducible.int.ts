import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeOciLayout, type TreeEntry } from '@slipway/components';
import { afterAll, beforeAll, expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('../bin/slipway', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-reproducible-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string, content: Uint8Array): TreeEntry => ({
  path,
  type: 'file',
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: 1_700_000_000,
  source: 's',
  content,
});
const layout = async (path: string, ...entries: TreeEntry[]): Promise<void> =>
  writeOciLayout(path, {
    tag: 'latest',
    platforms: [
      {
        arch: 'amd64',
        layers: [new Map(entries.map((entry) => [entry.path, entry]))],
        config: { Entrypoint: ['/bin/x'] },
      },
    ],
  });

const IMAGE = `
kernel: { image: 'oci:kernel', cmdline: quiet, tar: none }
init: ['oci:init']
onboot: [{ name: first, image: 'oci:web' }]
services: [{ name: web, image: 'oci:web' }, { name: db, image: 'oci:db', readonly: true }]
files: [{ path: etc/app.conf, contents: 'a=1', mode: '0644' }, { path: etc/spec, metadata: yaml }]
`;

type Surroundings = {
  /** where the command runs, relative to the project */
  readonly from?: string;
  readonly umask: string;
  readonly zone: string;
  readonly formats: string;
  readonly cache: string;
};

/** A project of its own, built by a shell with its own settings. */
const build = async (name: string, { umask, zone, formats, cache, from = '.' }: Surroundings) => {
  const project = join(folder, name, 'a project');
  mkdirSync(project, { recursive: true });
  await layout(join(project, 'kernel'), file('kernel', Buffer.from('kernel')));
  await layout(join(project, 'init'), file('sbin/init', Buffer.from('init')));
  await layout(join(project, 'web'), file('bin/x', Buffer.alloc(500_000, 'web ')));
  await layout(join(project, 'db'), file('bin/x', Buffer.alloc(400_000, 'db ')));
  mkdirSync(join(project, 'inside'));
  writeFileSync(join(project, 'image.yml'), IMAGE);
  const command = `umask ${umask}; exec "$0" build --arch amd64 --format ${formats} --sbom cyclonedx,spdx --cache "$1" --dir "$2" "$3"`;
  const cwd = join(project, from);
  const image = relative(cwd, join(project, 'image.yml'));
  execFileSync('sh', ['-c', command, launcher, join(folder, cache), join(project, 'out'), image], {
    cwd,
    env: { ...process.env, TZ: zone, LC_ALL: zone === 'UTC' ? 'C' : 'de_DE.UTF-8' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const out = join(project, 'out');
  return Object.fromEntries(
    readdirSync(out)
      .sort()
      .map((entry) => [
        entry,
        createHash('sha256')
          .update(readFileSync(join(out, entry)))
          .digest('hex'),
      ]),
  );
};

test('folders, time zones, umasks, languages and caches do not show in any output', async () => {
  const formats = 'tar,kernel+initrd,tar-kernel-initrd,kernel+squashfs,kernel+erofs,docker,oci';
  const first = await build('one', { umask: '022', zone: 'UTC', formats, cache: 'cache-1' });
  expect(Object.keys(first)).toHaveLength(14);
  expect(await build('two', { umask: '077', zone: 'Pacific/Kiritimati', formats, cache: 'cache-2' })).toEqual(
    first,
  );
  expect(await build('three', { umask: '000', zone: 'America/Lima', formats, cache: 'cache-1' })).toEqual(
    first,
  );
});

test.each(['..', 'inside'])('nor does the folder in which the command runs: %s', async (from) => {
  const base = { umask: '022', zone: 'UTC', cache: 'cache-1', formats: 'tar,kernel+initrd' };
  const name = from === '..' ? 'above' : 'below';
  expect(await build(name, { ...base, from })).toEqual(await build(`${name}-beside`, base));
});

test('the order of the formats does not show in what each of them holds', async () => {
  const base = { umask: '022', zone: 'UTC', cache: 'cache-1' };
  const first = await build('four', { ...base, formats: 'tar,oci,kernel+initrd' });
  const second = await build('five', { ...base, formats: 'kernel+initrd,oci,tar' });
  expect(second).toEqual(first);
});
