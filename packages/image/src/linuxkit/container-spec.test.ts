import { describe, expect, test } from 'vitest';
import { build, jsonAt, type TestImage } from './testing/build.ts';
import { textAt } from './testing/listing.ts';

const PATH = 'containers/services/web/config.json';

const treeWith = (keys: string, image: TestImage = {}, more = '') =>
  build(`services:\n- name: web\n  image: web\n${keys.replace(/^/gm, '  ')}\n${more}`, {
    images: { web: image },
  });

const label = (text: string): TestImage => ({ config: { Labels: { 'org.mobyproject.config': text } } });

/** The value at a path of dots; `mounts[/proc]` is the mount of that destination. */
const at = (value: unknown, path: string): unknown =>
  path.split(/\.(?![^[]*\])/).reduce<unknown>((node, part) => {
    const [, key = part, destination] = /^(\w+)\[(.*)\]$/.exec(part) ?? [];
    const next: unknown =
      typeof node === 'object' && node !== null
        ? Object.entries(node).find(([name]) => name === key)?.[1]
        : undefined;
    if (destination === undefined) return next;
    return Array.isArray(next)
      ? next.find((item: { destination?: string }) => item.destination === destination)
      : undefined;
  }, value);

test('without a word in the image file: everything that is written, and nothing more', async () => {
  const tree = await treeWith('', {
    config: {
      Entrypoint: ['/bin/a'],
      Cmd: ['b'],
      Env: ['PATH=/bin'],
      WorkingDir: '/srv',
      // LinuxKit does not look at the user of the image.
      User: '7:8',
      Labels: {},
    },
  });
  expect(jsonAt(tree, PATH)).toEqual({
    ociVersion: '1.2.1',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['/bin/a', 'b'],
      env: ['PATH=/bin'],
      cwd: '/srv',
      capabilities: {},
    },
    root: { path: 'rootfs' },
    mounts: [
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
      {
        destination: '/proc',
        type: 'proc',
        source: 'proc',
        options: ['nosuid', 'nodev', 'noexec', 'relatime'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/sys/fs/cgroup',
        type: 'cgroup',
        source: 'cgroup',
        options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
      },
    ],
    linux: { resources: {}, namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'cgroup' }] },
  });
});

type Row = readonly [keys: string, expected: Readonly<Record<string, unknown>>, image?: TestImage];

/** One row per key: what is written, and what becomes of it. `undefined`: not there at all. */
const ROWS: readonly Row[] = [
  ['command: [/bin/x, -v]', { 'process.args': ['/bin/x', '-v'] }, { config: { Entrypoint: ['/bin/a'] } }],
  ['command: []', { 'process.args': undefined }, { config: { Cmd: ['/bin/a'] } }],
  ['env: [A=1]', { 'process.env': ['A=1'] }, { config: { Env: ['PATH=/bin'] } }],
  ['cwd: /work', { 'process.cwd': '/work' }, { config: { WorkingDir: '/srv' } }],
  ['cwd: ""', { 'process.cwd': '/' }],
  [
    'readonly: true',
    { 'root.readonly': true, 'mounts[/dev].options.4': 'ro', 'mounts[/sys].options.3': 'ro' },
  ],
  ['readonly: false', { 'root.readonly': undefined }],
  ['hostname: box', { hostname: 'box' }],
  ['annotations: { z: "1", a: "2" }', { annotations: { a: '2', z: '1' } }],
  ['sysctl: { net.core.somaxconn: "9" }', { 'linux.sysctl': { 'net.core.somaxconn': '9' } }],
  ['oomScoreAdj: 0', { 'process.oomScoreAdj': 0 }],
  ['noNewPrivileges: true', { 'process.noNewPrivileges': true }],
  ['noNewPrivileges: false', { 'process.noNewPrivileges': undefined }],
  ['maskedPaths: [/proc/kcore]', { 'linux.maskedPaths': ['/proc/kcore'] }],
  ['readonlyPaths: [/proc/sys]', { 'linux.readonlyPaths': ['/proc/sys'] }],
  ['rootfsPropagation: shared', { 'linux.rootfsPropagation': 'shared' }],
  ['cgroupsPath: systemreserved/web', { 'linux.cgroupsPath': 'systemreserved/web' }],
  ['uid: 5\ngid: 6', { 'process.user': { uid: 5, gid: 6 } }],
  ['uid: root\ngid: ""', { 'process.user': { uid: 0, gid: 0 } }],
  ['uid: web', { 'process.user': { uid: 100, gid: 0 } }],
  ['additionalGids: [3, web]', { 'process.user.additionalGids': [3, 100] }],

  // LinuxKit makes no new namespace of network, ipc and uts unless asked, but always of pid, mount and cgroup.
  ['net: new', { 'linux.namespaces.0': { type: 'network' } }],
  ['net: none', { 'linux.namespaces.0': { type: 'network' } }],
  ['net: /run/netns/a', { 'linux.namespaces.0': { type: 'network', path: '/run/netns/a' } }],
  ['net: host', { 'linux.namespaces.0': { type: 'pid' } }],
  ['net: root', { 'linux.namespaces.0': { type: 'pid' } }],
  ['ipc: new', { 'linux.namespaces.0': { type: 'ipc' } }],
  ['uts: new', { 'linux.namespaces.0': { type: 'uts' } }],
  ['pid: host', { 'linux.namespaces': [{ type: 'mount' }, { type: 'cgroup' }] }],
  ['pid: /proc/1/ns/pid', { 'linux.namespaces.0': { type: 'pid', path: '/proc/1/ns/pid' } }],
  ['userns: new', { 'linux.namespaces.1': { type: 'user' } }],
  [
    'net: new\nipc: new\nuts: new\nuserns: new',
    {
      'linux.namespaces': [
        { type: 'network' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'pid' },
        { type: 'user' },
        { type: 'mount' },
        { type: 'cgroup' },
      ],
    },
  ],
  // LinuxKit loses these three numbers but for the size, as it looks for them in small letters.
  [
    'uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }]',
    { 'linux.uidMappings': [{ containerID: 0, hostID: 1000, size: 10 }] },
  ],
  [
    'gidMappings: [{ hostID: 5, size: 1 }]',
    { 'linux.gidMappings': [{ containerID: 0, hostID: 5, size: 1 }] },
  ],

  // Effective keeps the order, and what is written twice; the others are sorted.
  [
    'capabilities: [CAP_SYS_TIME, CAP_CHOWN, CAP_SYS_TIME]',
    {
      'process.capabilities': {
        bounding: ['CAP_CHOWN', 'CAP_SYS_TIME'],
        effective: ['CAP_SYS_TIME', 'CAP_CHOWN', 'CAP_SYS_TIME'],
        inheritable: ['CAP_CHOWN', 'CAP_SYS_TIME'],
        permitted: ['CAP_CHOWN', 'CAP_SYS_TIME'],
      },
    },
  ],
  // Ambient ones are in every set but the effective one.
  [
    'capabilities: [CAP_KILL]\nambient: [CAP_CHOWN]',
    {
      'process.capabilities': {
        bounding: ['CAP_CHOWN', 'CAP_KILL'],
        effective: ['CAP_KILL'],
        inheritable: ['CAP_CHOWN', 'CAP_KILL'],
        permitted: ['CAP_CHOWN', 'CAP_KILL'],
        ambient: ['CAP_CHOWN'],
      },
    },
  ],
  ['capabilities: [none]', { 'process.capabilities': {} }],
  // All of them in the order of their numbers where order is kept, else by name.
  [
    'capabilities: [all]',
    {
      'process.capabilities.effective.0': 'CAP_CHOWN',
      'process.capabilities.effective.40': 'CAP_CHECKPOINT_RESTORE',
      'process.capabilities.bounding.0': 'CAP_AUDIT_CONTROL',
      'process.capabilities.ambient': undefined,
    },
  ],
  [
    'capabilities.add: [CAP_CHOWN]',
    { 'process.capabilities.effective': ['CAP_KILL', 'CAP_CHOWN'] },
    label('{"capabilities": ["CAP_KILL"]}'),
  ],

  ['rlimits: ["nofile,1,2"]', { 'process.rlimits': [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }] }],
  ['rlimits: ["RLIMIT_CPU, 3 , 4"]', { 'process.rlimits': [{ type: 'RLIMIT_CPU', soft: 3, hard: 4 }] }],

  ['tmpfs: [/tmp]', { 'mounts[/tmp]': { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' } }],
  ['tmpfs: ["/tmp:size=1m,mode=1777"]', { 'mounts[/tmp].options': ['size=1m', 'mode=1777'] }],
  [
    'binds: [/a:/b]',
    { 'mounts[/b]': { destination: '/b', type: 'bind', source: '/a', options: ['rw', 'rbind', 'rshared'] } },
  ],
  ['binds: ["/a:/b:ro,rshared"]', { 'mounts[/b].options': ['ro', 'rshared', 'rbind'] }],
  ['binds.add: [/c:/d]', { 'mounts[/b].source': '/a', 'mounts[/d].source': '/c' }, label('binds: ["/a:/b"]')],
  // No volume is called so: a path relative to the bundle, which LinuxKit lets pass too.
  ['', { 'mounts[/x].source': 'data' }, label('binds: ["data:/x"]')],
  ['binds: [/c:/d]', { 'mounts[/b]': undefined, 'mounts[/d].source': '/c' }, label('binds: ["/a:/b"]')],
  [
    'mounts: [{ type: bind, source: /a, destination: /b, options: [rbind, ro] }]',
    { 'mounts[/b]': { destination: '/b', type: 'bind', source: '/a', options: ['rbind', 'ro'] } },
  ],
  // A kind of mount that has one place needs no more than its name, as type or as source.
  [
    'mounts: [{ type: mqueue }]',
    { 'mounts[/dev/mqueue]': { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue' } },
  ],
  ['mounts: [{ source: sysfs, options: [rw] }]', { 'mounts[/sys].options': ['rw'] }],
  ['mounts: [{ destination: /dev, options: [size=1m] }]', { 'mounts[/dev].options': ['size=1m'] }],
  // Whatever comes later has the destination: tmpfs, then binds, then mounts.
  ['tmpfs: [/x]\nbinds: [/a:/x]', { 'mounts[/x].type': 'bind' }],
  ['binds: [/a:/x]\nmounts: [{ type: tmpfs, destination: /x }]', { 'mounts[/x].type': 'tmpfs' }],

  [
    'devices: [{ path: /dev/console, type: c, major: 5, minor: 1, mode: "0666" }]',
    {
      'linux.devices': [{ path: '/dev/console', type: 'c', major: 5, minor: 1, fileMode: 0o666 }],
      'linux.resources.devices': [{ allow: true, type: 'c', major: 5, minor: 1, access: 'rwm' }],
    },
  ],
  // Zero is a number like any other.
  [
    'devices: [{ path: /dev/x, type: b, major: 0, minor: 0, mode: "0" }]',
    { 'linux.resources.devices.0': { allow: true, type: 'b', major: 0, minor: 0, access: 'rwm' } },
  ],
  [
    'devices: [{ path: all, type: b }]',
    {
      'linux.devices': undefined,
      'linux.resources.devices': [{ allow: true, type: 'b', access: 'rwm' }],
    },
  ],
  [
    'resources: { devices: [{ allow: false, access: rwm }] }\ndevices: [{ path: all, type: c }]',
    {
      'linux.resources.devices': [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', access: 'rwm' },
      ],
    },
  ],
  [
    'resources: { memory: { limit: 1000, swappiness: 0 } }',
    { 'linux.resources.memory': { limit: 1000, swappiness: 0 } },
  ],
  ['resources: { memory: {} }', { 'linux.resources.memory': {} }],
  [
    'resources: { memory: { disableOOMKiller: false } }',
    { 'linux.resources.memory': { disableOOMKiller: false } },
  ],
  ['resources: { cpu: { shares: 2, cpus: "0-1" } }', { 'linux.resources.cpu': { shares: 2, cpus: '0-1' } }],
  ['resources: { pids: { limit: 7 } }', { 'linux.resources.pids': { limit: 7 } }],
  [
    'resources: { blockio: { weight: 3, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 9 }] } }',
    { 'linux.resources.blockIO': { weight: 3, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 9 }] } },
  ],
  [
    'resources: { hugepageLimits: [{ pageSize: 2MB, limit: 5 }] }',
    { 'linux.resources.hugepageLimits': [{ pageSize: '2MB', limit: 5 }] },
  ],
  [
    'resources: { network: { classID: 1, priorities: [{ name: eth0, priority: 2 }] } }',
    { 'linux.resources.network': { classID: 1, priorities: [{ name: 'eth0', priority: 2 }] } },
  ],

  // The label of the image stands below the image file.
  ['', { 'process.args': ['/bin/label'] }, label('command: [/bin/label]')],
  ['command: [/bin/own]', { 'process.args': ['/bin/own'] }, label('command: [/bin/label]')],
  ['net: ""', { 'linux.namespaces.0': { type: 'network' } }, label('net: new')],
];

describe('keys of a container', () => {
  test.each(ROWS.map(([keys, expected, image]) => ({ keys, expected, image })))(
    '$keys',
    async ({ keys, expected, image }) => {
      const config = jsonAt(await treeWith(keys, image), PATH);
      expect(Object.fromEntries(Object.keys(expected).map((path) => [path, at(config, path)]))).toEqual(
        expected,
      );
    },
  );
});

test('no limit is a number of 64 bits, to the last digit', async () => {
  const text = textAt(await treeWith('rlimits: ["memlock,unlimited,unlimited"]'), PATH);
  expect(text).toContain('"type": "RLIMIT_MEMLOCK",');
  expect(text).toContain('"hard": 18446744073709551615,');
});

const REFUSED: readonly (readonly [keys: string, image: TestImage, message: RegExp])[] = [
  ['', label('name: other'), /name/],
  ['', label('- a list'), /label/],
  ['', label('tmpfs: ["/a:b:c"]'), /tmpfs/],
  ['', label('mounts: [{ destination: /x }]'), /type/],
  ['', label('capabilities: [CAP_FLY]'), /CAP_FLY/],
  ['', label('uid: nobody'), /nobody/],
  ['devices: [{ path: /dev/x, type: c, major: 1, minor: 2 }]', {}, /devices\[0\].*mode/],
];

test.each(REFUSED)('refused: %s %o', async (keys, image, message) => {
  await expect(treeWith(keys, image)).rejects.toMatchObject({
    code: 'SPEC_INVALID',
    message: expect.stringMatching(message),
  });
});

test('a volume that may not be written is not bound to be written, by a label neither', async () => {
  const volumes = 'volumes: [{ name: data, readonly: true }]';
  await expect(treeWith('', label('binds: ["data:/x:rw"]'), volumes)).rejects.toMatchObject({
    code: 'SPEC_INVALID',
  });
  await expect(
    treeWith('', label('mounts: [{ type: bind, source: data, destination: /x }]'), volumes),
  ).rejects.toMatchObject({ code: 'SPEC_INVALID' });
  const tree = await treeWith('', label('binds: ["data:/x:ro,rshared"]'), volumes);
  expect(at(jsonAt(tree, PATH), 'mounts[/x].source')).toBe('/containers/volumes/data/merged');
});
