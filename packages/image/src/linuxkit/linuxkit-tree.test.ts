import { encodeTar, type Tree } from '@slipway/components';
import { describe, expect, test } from 'vitest';
import { build, jsonAt, type TestImage } from './testing/build.ts';
import { faultsOf } from './testing/faults.ts';
import { expectedListing, listingOf, textAt, treeOf } from './testing/listing.ts';

/** What LinuxKit ensures in every image, whatever the image brings. */
const ensured = (resolvConf: string, mtab = 'l 755 0:0 K etc/mtab -> /proc/mounts') => `
  d 755 0:0 K dev
  d 755 0:0 K dev/pts
  d 755 0:0 K dev/shm
  d 755 0:0 K etc
  f 644 0:0 K etc/hosts 160
  ${mtab}
  ${resolvConf}
  d 755 0:0 K proc
  d 755 0:0 K sys
`;
const CONTAINER_RESOLV_CONF = 'f 644 0:0 K etc/resolv.conf 29';
// Mode 0644 and not 0777: LinuxKit takes the header of a file and makes it a symlink.
const IN_ROOT = ensured('l 644 0:0 K etc/resolv.conf -> /run/resolvconf/resolv.conf');

const modules = treeOf(`
  d 755 0:0 77 lib
  d 755 0:0 77 lib/modules
  f 644 3:3 78 lib/modules/a.ko "mod"
`);
const KERNEL: Tree = treeOf(`
  f 755 4:4 50 kernel "vmlinuz"
  f 640 0:0 50 ucode.cpio "micro"
  f 644 0:0 50 kernel-headers.tar "dropped"
`);
KERNEL.set('kernel.tar', {
  path: 'kernel.tar',
  type: 'file',
  content: new Uint8Array(Buffer.concat([...encodeTar(modules)])),
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 50,
  source: 'image',
});

const INIT: TestImage = {
  files: `
    f 644 0:0 60 .dockerenv ""
    f 644 0:0 60 Dockerfile "FROM scratch"
    d 755 0:0 60 bin
    f 755 0:0 60 bin/init "init"
    h 755 0:0 60 bin/sh => bin/init
    d 700 1:1 60 dev
    f 600 0:0 60 dev/console ""
    d 700 0:0 60 dev/pts
    f 600 0:0 60 dev/pts/0 "kept"
    d 750 0:5 60 etc
    f 644 0:0 60 etc/hostname "box"
    f 600 0:5 60 etc/hosts "own"
    f 600 0:5 60 etc/inittab "tab"
    f 600 0:5 60 etc/resolv.conf "own"
  `,
};
const ALPINE: TestImage = {
  files: `
    d 755 0:0 70 bin
    f 755 0:0 70 bin/sh "sh"
    h 755 0:0 70 bin/ash => bin/sh
    d 755 0:0 70 etc
    l 777 0:0 70 etc/mtab -> ../proc/self/mounts
  `,
  config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'], User: '7:7', WorkingDir: '/root' },
};
const IN_ALPINE = `
  d 755 0:0 70 bin
  f 755 0:0 70 bin/sh 2
  h 755 0:0 70 bin/ash => bin/sh
  ${ensured(CONTAINER_RESOLV_CONF, 'l 777 0:0 K etc/mtab -> ../proc/self/mounts')}
`;

describe('whole trees', () => {
  test('a small system: kernel, init and one service', async () => {
    const tree = await build(
      `
kernel:
  image: linuxkit/kernel:6.6
  cmdline: "console=ttyS0"
  ucode: ucode.cpio
init:
  - linuxkit/init:1
services:
  - name: getty
    image: alpine:3
`,
      {
        images: { 'linuxkit/kernel:6.6': { files: KERNEL }, 'linuxkit/init:1': INIT, 'alpine:3': ALPINE },
      },
    );
    expect(faultsOf(tree)).toEqual([]);
    expect(listingOf(tree)).toEqual(
      expectedListing(`
        d 755 0:0 K boot
        f 644 0:0 K boot/cmdline 13
        f 755 0:0 K boot/kernel 7       # the mode of the image, but not its owner
        f 640 0:0 K boot/ucode.cpio 5
        d 755 0:0 77 lib
        d 755 0:0 77 lib/modules
        f 644 3:3 78 lib/modules/a.ko 3 # as in the tar
        d 755 0:0 60 bin
        f 755 0:0 60 bin/init 4
        h 755 0:0 60 bin/sh => bin/init
        f 600 0:0 60 dev/pts/0 4        # only the names themselves are excluded
        f 600 0:5 60 etc/inittab 3
        ${IN_ROOT}
        d 755 0:0 K containers
        d 755 0:0 K containers/services
        in containers/services/getty:
        f 644 0:0 K config.json *
        f 644 0:0 K runtime.json *
        d 755 0:0 K tmp
        d 755 0:0 K rootfs
        in containers/services/getty/lower:
        ${IN_ALPINE}
        in containers/services:
        d 755 0:0 K getty
        d 755 0:0 K getty/lower
      `),
    );
    expect(textAt(tree, 'boot/cmdline')).toBe('console=ttyS0');
    const origin = (path: string) => [tree.get(path)?.source, tree.get(path)?.location];
    expect(origin('boot/cmdline')).toEqual(['docker.io/linuxkit/kernel:6.6', 'kernel']);
    expect(origin('lib/modules/a.ko')).toEqual(['docker.io/linuxkit/kernel:6.6', 'kernel']);
    expect(origin('proc')).toEqual(['docker.io/linuxkit/init:1', 'init[0]']);
    expect(origin('containers/services/getty/lower/bin/sh')).toEqual([
      'docker.io/library/alpine:3',
      'services[0]',
    ]);
  });

  test('one image in three containers is there once', async () => {
    const tree = await build(
      `
onboot:
  - name: format
    image: alpine:3
    readonly: true
    binds: [/dev:/dev]
onshutdown:
  - name: bye
    image: docker.io/library/alpine:3
    readonly: true
services:
  - name: web
    image: alpine:3
    tmpfs: ["/tmp:size=1m"]
    devices: [{ path: /dev/console, type: c, major: 5, minor: 1, mode: "0666" }]
    runtime:
      mkdir: [/var/web]
      interfaces: [{ name: eth0, add: veth }]
      bindNS: { net: /run/netns/web }
      mounts: [{ type: bind, source: /var/web, destination: /srv }]
`,
      { images: { 'alpine:3': ALPINE, 'docker.io/library/alpine:3': ALPINE } },
    );
    expect(faultsOf(tree)).toEqual([]);
    expect(listingOf(tree)).toEqual(
      expectedListing(`
        d 755 0:0 K containers
        in containers:
        d 755 0:0 K onboot
        d 755 0:0 K onshutdown
        d 755 0:0 K services
        in containers/onboot:
        d 755 0:0 K 000-format
        d 755 0:0 K 000-format/rootfs
        f 644 0:0 K 000-format/config.json *
        f 644 0:0 K 000-format/runtime.json *
        in containers/onboot/000-format/rootfs:
        ${IN_ALPINE}
        in containers/onshutdown:
        d 755 0:0 K 000-bye
        d 755 0:0 K 000-bye/rootfs      # a mount point
        f 644 0:0 K 000-bye/config.json *
        f 644 0:0 K 000-bye/runtime.json *
        in containers/services/web:
        d 755 0:0 K tmp
        d 755 0:0 K rootfs
        f 644 0:0 K config.json *
        f 644 0:0 K runtime.json *
        in .:
        d 755 0:0 K containers/services/web
      `),
    );
    const nothing = {
      cgroups: [],
      mkdir: [],
      interfaces: [],
      bindNS: { cgroup: '', ipc: '', mnt: '', net: '', pid: '', user: '', uts: '' },
      namespace: '',
    };
    expect(jsonAt(tree, 'containers/onboot/000-format/runtime.json')).toEqual({
      ...nothing,
      mounts: [
        {
          destination: '/containers/onboot/000-format/rootfs',
          source: '/containers/onboot/000-format/rootfs',
          options: ['bind'],
        },
      ],
    });
    expect(jsonAt(tree, 'containers/onshutdown/000-bye/runtime.json')).toEqual({
      ...nothing,
      mounts: [
        {
          destination: '/containers/onshutdown/000-bye/rootfs',
          source: '/containers/onboot/000-format/rootfs',
          options: ['bind'],
        },
      ],
    });
    expect(jsonAt(tree, 'containers/services/web/runtime.json')).toEqual({
      ...nothing,
      mounts: [
        { destination: '/containers/services/web/tmp', type: 'tmpfs', source: 'tmpfs' },
        { destination: '/containers/services/web/tmp', options: ['remount', 'private'] },
        {
          destination: '/containers/services/web/rootfs',
          type: 'overlay',
          source: 'overlay',
          options: [
            'lowerdir=/containers/onboot/000-format/rootfs',
            'upperdir=/containers/services/web/tmp/upper',
            'workdir=/containers/services/web/tmp/work',
          ],
        },
        { destination: '/srv', type: 'bind', source: '/var/web' },
      ],
      mkdir: ['/var/web'],
      interfaces: [{ name: 'eth0', add: 'veth', createInRoot: false }],
      bindNS: { ...nothing.bindNS, net: '/run/netns/web' },
    });
  });

  test('volumes: an empty one, one with files that may not be written', async () => {
    const tree = await build(
      `
volumes:
  - name: blank
  - name: data
    image: alpine:3
    readonly: true
services:
  - name: web
    image: alpine:3
    readonly: true
    binds: ["blank:/blank", "data:/data:ro"]
    mounts: [{ type: bind, source: blank, destination: /again, options: [rw] }]
`,
      { images: { 'alpine:3': ALPINE } },
    );
    expect(faultsOf(tree)).toEqual([]);
    expect(listingOf(tree)).toEqual(
      expectedListing(`
        d 755 0:0 K containers
        d 755 0:0 K containers/volumes
        in containers/volumes:
        d 755 0:0 K blank
        d 755 0:0 K blank/lower
        d 755 0:0 K blank/tmp
        d 755 0:0 K blank/merged
        d 755 0:0 K data
        d 755 0:0 K data/lower
        d 755 0:0 K data/merged
        in containers/volumes/data/lower:
        d 755 0:0 70 bin
        f 755 0:0 70 bin/sh 2
        h 755 0:0 70 bin/ash => bin/sh
        # LinuxKit treats a volume like init: its resolv.conf points into the root's /run
        ${IN_ROOT.replace('l 755 0:0 K etc/mtab -> /proc/mounts', 'l 777 0:0 K etc/mtab -> ../proc/self/mounts')}
        in containers/services:
        d 755 0:0 K web
        d 755 0:0 K web/rootfs
        f 644 0:0 K web/config.json *
        f 644 0:0 K web/runtime.json *
        in .:
        d 755 0:0 K containers/services
        in containers/services/web/rootfs:
        # a volume of the same image is no place to share files with
        ${IN_ALPINE}
      `),
    );
    expect(jsonAt(tree, 'containers/services/web/config.json')).toMatchObject({
      mounts: expect.arrayContaining([
        { destination: '/again', type: 'bind', source: '/containers/volumes/blank/merged', options: ['rw'] },
        {
          destination: '/blank',
          type: 'bind',
          source: '/containers/volumes/blank/merged',
          options: ['rw', 'rbind', 'rshared'],
        },
        {
          destination: '/data',
          type: 'bind',
          source: '/containers/volumes/data/merged',
          options: ['ro', 'rbind'],
        },
      ]),
    });
    const origin = (path: string) => [tree.get(path)?.source, tree.get(path)?.location];
    expect(origin('containers/volumes/blank/lower')).toEqual(['empty', 'volume[0]']);
    expect(origin('containers/volumes/data/lower')).toEqual(['docker.io/library/alpine:3', 'volume[1]']);
    expect(origin('containers/volumes/data/merged')).toEqual(['linuxkit.volumes', 'volume[1]']);
  });

  test('files: attributes, owners by name, directories above', async () => {
    const tree = await build(
      `
onboot:
  - name: first
    image: alpine:3
    readonly: true
services:
  - name: redis
    image: alpine:3
    readonly: true
    uid: redis
    gid: first
    additionalGids: [root, first, 7]
files:
  - path: etc/redis/redis.conf
    contents: "port 1"
    uid: redis
    gid: redis
    mode: "0640"
  - path: /etc/redis/extra
    contents: "x"
    mode: "0604"
  - path: var/lib
    directory: true
  - path: var/log
    directory: true
    mode: "1777"
  - path: run
    symlink: /var/run
  - path: etc/missing
    source: not-there
    optional: true
  - path: etc/linuxkit.json
    metadata: json
`,
      { images: { 'alpine:3': ALPINE } },
    );
    const listed = listingOf(tree).filter((row) => !row.includes('containers'));
    expect(listed.map((row) => row.replace(/linuxkit.json \d+/, 'linuxkit.json *'))).toEqual(
      expectedListing(`
        # what is made for a file has its owner, and may be entered by whoever may read the file
        d 750 101:101 K etc
        d 750 101:101 K etc/redis
        f 640 101:101 K etc/redis/redis.conf 6
        f 604 0:0 K etc/redis/extra 1
        d 700 0:0 K var
        d 700 0:0 K var/lib
        d 1777 0:0 K var/log
        l 600 0:0 K run -> /var/run
        f 600 0:0 K etc/linuxkit.json *
      `),
    );
    expect(jsonAt(tree, 'containers/services/redis/config.json')).toMatchObject({
      process: { user: { uid: 101, gid: 100, additionalGids: [0, 100, 7] } },
    });
    expect([tree.get('etc')?.source, tree.get('etc')?.location]).toEqual(['linuxkit.files', 'files[0]']);
  });
});

test('init images lie over one another, the last on top; the rest of their apk databases is kept', async () => {
  const database = (name: string) => `
    d 755 0:0 5 lib
    d 755 0:0 5 lib/apk
    d 755 0:0 5 lib/apk/db
    f 600 0:0 5 lib/apk/db/installed "P:${name}"
    f 644 0:0 5 same "${name}"
  `;
  const tree = await build('init: [a/one, b/two, c/three]', {
    images: { 'a/one': { files: database('one') }, 'b/two': { files: database('two') }, 'c/three': {} },
  });
  expect(textAt(tree, 'same')).toBe('two');
  expect(textAt(tree, 'lib/apk/db/installed')).toBe('P:one\n\nP:two\n\n');
  // Without a time, for LinuxKit forgets it.
  expect(listingOf(tree)).toContain('f 644 0:0 0 lib/apk/db/installed 14');
});

test('one apk database stays as it is', async () => {
  const files =
    'd 755 0:0 5 lib\nd 755 0:0 5 lib/apk\nd 755 0:0 5 lib/apk/db\nf 600 0:0 5 lib/apk/db/installed "P:a"';
  const tree = await build('init: [a/one, b/two]', { images: { 'a/one': { files } } });
  expect(textAt(tree, 'lib/apk/db/installed')).toBe('P:a');
  expect(tree.get('lib/apk/db/installed')?.mode).toBe(0o600);
});
