import { describe, expect, test } from 'vitest';
import { ContainerSettings } from './container.ts';
import { thrownBy } from './fixture/thrown-by.ts';
import { parseImageFiles } from './parse-image.ts';

const parse = (settings: object) =>
  parseImageFiles([
    {
      name: 'a.yml',
      text: JSON.stringify({
        services: [{ name: 'a', image: 'alpine', ...settings }],
        volumes: [{ name: 'data' }],
      }),
    },
  ]).services[0];

const good: [key: keyof typeof ContainerSettings.shape, ...values: unknown[]][] = [
  ['capabilities', [], ['all'], ['NONE'], ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN'], ['net_admin']],
  ['capabilities.add', ['CAP_CHOWN']],
  ['ambient', ['all'], ['CAP_CHOWN']],
  [
    'mounts',
    [{ type: 'cgroup', options: ['rw', 'nosuid'] }],
    [{ source: 'proc' }],
    [{ destination: '/dev' }],
    [{ type: 'bind', source: 'data', destination: '/data', options: ['rw'] }],
    [
      {
        type: 'bind',
        source: '/a',
        destination: '/b',
        uidmappings: [{ hostID: 1, containerID: 0, size: 9 }],
      },
    ],
    [{ type: 'tmpfs', destination: '/x', source: '', options: [], uidmappings: [], gidmappings: [] }],
  ],
  ['binds', ['/a:/b', '/a:/b:ro,rshared', 'data:/data']],
  ['binds.add', ['/a:/b'], []],
  [
    'devices',
    [{ path: 'all', type: 'b' }],
    [{ path: '/dev/console', type: 'c', major: 5, minor: 1, mode: '0660' }],
  ],
  ['tmpfs', ['/tmp', '/run:size=10m,mode=755']],
  ['command', [], ['/bin/sh', '-c', '']],
  ['env', [], ['A=1', 'B=']],
  ['cwd', '', '/srv'],
  ['net', '', 'host', 'none', 'new', 'root', '/run/netns/a'],
  ['pid', 'host', 'new', '/proc/1/ns/pid'],
  ['ipc', 'host', 'new'],
  ['uts', 'host', 'new'],
  ['userns', 'host', 'new'],
  ['hostname', 'edge'],
  ['readonly', true, false],
  ['maskedPaths', ['/proc/kcore']],
  ['readonlyPaths', ['/proc/sys']],
  ['uid', 0, 1000, 'a', 'root', ''],
  ['gid', 0, 0xffff_ffff, 'a'],
  ['additionalGids', [], [1, 'a', 'root']],
  ['noNewPrivileges', true, false],
  ['oomScoreAdj', -1000, 0, 1000],
  ['rootfsPropagation', 'shared', ''],
  ['cgroupsPath', '/systemreserved/a'],
  [
    'resources',
    {},
    {
      devices: [{ allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }],
      memory: {
        limit: 1,
        reservation: 1,
        swap: -1,
        kernel: 1,
        kernelTCP: 1,
        swappiness: 60,
        disableOOMKiller: true,
      },
      cpu: {
        shares: 1,
        quota: -1,
        period: 1,
        realtimeRuntime: 1,
        realtimePeriod: 1,
        cpus: '0-1',
        mems: '0',
      },
      pids: { limit: 10 },
      blockio: {
        weight: 10,
        leafWeight: 10,
        weightDevice: [{ major: 8, minor: 0, weight: 10, leafWeight: 10 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
        throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
        throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 1 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 1 }],
      },
      hugepageLimits: [{ pageSize: '2MB', limit: 1 }, { pageSize: 2048 }],
      network: { classID: 1, priorities: [{ name: 'eth0', priority: 1 }] },
    },
  ],
  ['sysctl', {}, { 'net.ipv4.ip_forward': '1' }],
  ['rlimits', ['nofile,1024,4096', 'memlock,unlimited', 'RLIMIT_CORE, 0, unlimited']],
  ['uidMappings', [{ containerID: 0, hostID: 1000, size: 65536 }]],
  ['gidMappings', [{ containerID: 0, hostID: 1000, size: 65536 }]],
  ['annotations', { 'org.example.a': 'b' }],
  [
    'runtime',
    {},
    {
      cgroups: ['podruntime'],
      mounts: [{ type: 'overlay', source: 'overlay', destination: 'etc', options: ['rw'] }],
      mkdir: ['/var/lib/a'],
      interfaces: [
        { name: 'wg0', add: 'wireguard', createInRoot: true },
        { name: 'a', peer: 'b' },
      ],
      bindNS: { cgroup: '/c', ipc: '/i', mnt: '/m', net: '/n', pid: '/p', user: '/u', uts: '/t' },
      namespace: 'services.linuxkit',
    },
  ],
  [
    'landlock',
    {},
    { read: ['/etc'], write: ['/data', '/run/a b'], execute: ['/usr'], bind: [0, 80, 65535], connect: [] },
  ],
];

test('the table below has every key', () => {
  expect(good.map(([key]) => key)).toEqual(Object.keys(ContainerSettings.shape));
});

describe.each(good)('%s', (key, ...values) => {
  test.each(values.map((value) => [value] as const))('may be %j', (value) => {
    expect(parse({ [key]: value })).toEqual({ name: 'a', image: 'alpine', [key]: value });
  });
});

const bad: [settings: object, details: object][] = [
  [{ name: 'a b' }, { key: 'services[0].name' }],
  [{ name: '' }, { key: 'services[0].name' }],
  [{ name: '../a' }, { key: 'services[0].name' }],
  [{ name: 'a'.repeat(77) }, { key: 'services[0].name' }],
  [{ image: 1 }, { key: 'services[0].image' }],
  [{ capabilities: 'all' }, { key: 'services[0].capabilities' }],
  [{ capabilities: ['CAP_NET_ADMN'] }, { key: 'services[0].capabilities[0]', suggestion: 'CAP_NET_ADMIN' }],
  [{ capabilities: ['all', 'CAP_CHOWN'] }, { key: 'services[0].capabilities[0]' }],
  [{ 'capabilities.add': ['CAP_X'] }, { key: 'services[0]["capabilities.add"][0]' }],
  [{ 'capabilities.ad': [] }, { suggestion: 'capabilities.add' }],
  [{ ambient: ['CAP_X'] }, { key: 'services[0].ambient[0]' }],
  [{ mounts: [{ destination: '/a' }] }, { key: 'services[0].mounts[0]' }],
  [{ mounts: [{ type: 'tmpfs' }] }, { key: 'services[0].mounts[0]' }],
  [{ mounts: [{ typ: 'tmpfs' }] }, { key: 'services[0].mounts[0].typ', suggestion: 'type' }],
  [{ mounts: [{ options: 'ro' }] }, { key: 'services[0].mounts[0].options' }],
  [
    { mounts: [{ type: 'bind', source: 'dat', destination: '/d' }] },
    { key: 'services[0].mounts[0].source', suggestion: 'data' },
  ],
  [{ binds: ['/a'] }, { key: 'services[0].binds[0]' }],
  [{ binds: ['/a:/b:ro:x'] }, { key: 'services[0].binds[0]' }],
  [{ binds: ['/a:'] }, { key: 'services[0].binds[0]' }],
  [{ binds: ['dat:/a'] }, { key: 'services[0].binds[0]', suggestion: 'data', allowed: ['data'] }],
  [{ 'binds.add': ['x:/a'] }, { key: 'services[0]["binds.add"][0]' }],
  [{ devices: [{ path: '/dev/a', type: 'x' }] }, { key: 'services[0].devices[0].type' }],
  [{ devices: [{ path: '/dev/a', mode: '0o660' }] }, { key: 'services[0].devices[0].mode' }],
  [{ devices: [{ path: '/dev/a', type: 'c' }] }, { key: 'services[0].devices[0]' }],
  [{ devices: [{ path: '/dev/a', mayor: 1 }] }, { suggestion: 'major' }],
  [{ devices: [{ type: 'c' }] }, { key: 'services[0].devices[0].path' }],
  [{ tmpfs: ['/a:b:c'] }, { key: 'services[0].tmpfs[0]' }],
  [{ tmpfs: [''] }, { key: 'services[0].tmpfs[0]' }],
  [{ command: '/bin/sh' }, { key: 'services[0].command' }],
  [{ command: [1] }, { key: 'services[0].command[0]' }],
  [{ env: { A: '1' } }, { key: 'services[0].env' }],
  [{ cwd: null }, { key: 'services[0].cwd' }],
  [{ net: true }, { key: 'services[0].net' }],
  [{ hostname: 1 }, { key: 'services[0].hostname' }],
  [{ readonly: 'true' }, { key: 'services[0].readonly' }],
  [{ maskedPaths: [null] }, { key: 'services[0].maskedPaths[0]' }],
  [{ uid: -1 }, { key: 'services[0].uid' }],
  [{ uid: 0x1_0000_0000 }, { key: 'services[0].uid' }],
  [{ uid: 1.5 }, { key: 'services[0].uid' }],
  [{ uid: [1] }, { key: 'services[0].uid' }],
  [{ uid: 'b' }, { key: 'services[0].uid', allowed: ['root', 'a'] }],
  [{ gid: 'roott' }, { key: 'services[0].gid', suggestion: 'root' }],
  [{ additionalGids: [1, 'b'] }, { key: 'services[0].additionalGids[1]' }],
  [{ oomScoreAdj: 1001 }, { key: 'services[0].oomScoreAdj' }],
  [{ resources: { memory: { limit: '1G' } } }, { key: 'services[0].resources.memory.limit' }],
  [{ resources: { blockIO: {} } }, { key: 'services[0].resources.blockIO', suggestion: 'blockio' }],
  [
    { resources: { blockio: { throttleReadBpsDevice: [{ rat: 1 }] } } },
    { key: 'services[0].resources.blockio.throttleReadBpsDevice[0].rat', suggestion: 'rate' },
  ],
  [{ resources: { network: { priorities: [{ nam: 'a' }] } } }, { suggestion: 'name' }],
  [{ sysctl: { a: 1 } }, { key: 'services[0].sysctl.a' }],
  [{ rlimits: ['nofile'] }, { key: 'services[0].rlimits[0]' }],
  [{ rlimits: ['files,1,2'] }, { key: 'services[0].rlimits[0]' }],
  [{ rlimits: ['nofile,1,2,3'] }, { key: 'services[0].rlimits[0]' }],
  [{ uidMappings: [{ hostId: 1 }] }, { key: 'services[0].uidMappings[0].hostId', suggestion: 'hostID' }],
  [{ annotations: [] }, { key: 'services[0].annotations' }],
  [{ landlock: { red: [] } }, { key: 'services[0].landlock.red', suggestion: 'read' }],
  [{ landlock: { read: ['etc'] } }, { key: 'services[0].landlock.read[0]' }],
  [{ landlock: { bind: [65536] } }, { key: 'services[0].landlock.bind[0]' }],
  [{ landlock: { connect: ['http'] } }, { key: 'services[0].landlock.connect[0]' }],
  [{ runtime: { interface: [] } }, { key: 'services[0].runtime.interface', suggestion: 'interfaces' }],
  [{ runtime: { interfaces: [{ create: true }] } }, { key: 'services[0].runtime.interfaces[0].create' }],
  [
    { runtime: { bindNS: { network: '/a' } } },
    { allowed: ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'] },
  ],
  [{ runtime: { bindNS: '/a' } }, { key: 'services[0].runtime.bindNS' }],
];

test.each(bad)('%j is refused', (settings, details) => {
  const error = thrownBy(() => parse(settings));
  expect(error.code).toBe('SPEC_INVALID');
  expect(error.details).toMatchObject({ file: 'a.yml', line: 1, ...details });
});
