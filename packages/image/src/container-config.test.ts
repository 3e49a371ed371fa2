import type { Tree } from '@slipway/components';
import type { Container } from '@slipway/image-spec';
import { Arch } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { containerConfig } from './container-config.ts';
import { seccompProfile } from './seccomp.ts';
import { putFile } from './tree-edit.ts';

const start = { Entrypoint: ['/bin/service'] };
const config = (container: Partial<Container>, image: object = start, root: Tree = new Map()) =>
  containerConfig(
    'services',
    { name: 'web', image: 'deb:web', ...container },
    image,
    root,
    'amd64',
    new Map([['web', 100]]),
  );

test('without a word in the image file a container has no rights', () => {
  const { process, linux, root } = config({});
  expect(root.readonly).toBe(true);
  expect(Object.values(process.capabilities).flat()).toEqual([]);
  expect(process.noNewPrivileges).toBe(true);
  expect(linux.seccomp?.defaultAction).toBe('SCMP_ACT_ERRNO');
  expect(linux.maskedPaths).toContain('/proc/kcore');
  expect(linux.readonlyPaths).toContain('/proc/sys');
  expect(linux.resources.devices).toEqual([{ allow: false, access: 'rwm' }]);
});

test('namespaces follow LinuxKit: own pid and mount, host network unless given', () => {
  const types = (container: Partial<Container>) => config(container).linux.namespaces.map(({ type }) => type);
  expect(types({})).toEqual(['pid', 'mount', 'cgroup']);
  expect(types({ net: 'new', ipc: 'new', pid: 'host' })).toEqual(['network', 'ipc', 'mount', 'cgroup']);
  expect(types({ hostname: 'inside' })).toContain('uts');
  expect(config({ net: '/run/netns/lan' }).linux.namespaces[0]).toEqual({
    type: 'network',
    path: '/run/netns/lan',
  });
});

test('the image file overrides command, environment, directory and user of the image', () => {
  const image = {
    Entrypoint: ['/bin/a'],
    Cmd: ['b'],
    Env: ['X=1', 'PATH=/bin'],
    WorkingDir: '/srv',
    User: '7:8',
  };
  expect(config({}, image).process).toMatchObject({
    args: ['/bin/a', 'b'],
    env: ['X=1', 'PATH=/bin'],
    cwd: '/srv',
    user: { uid: 7, gid: 8 },
  });
  expect(
    config({ command: ['/bin/c'], env: ['Y=2'], cwd: '/', uid: 9, gid: 10 }, image).process,
  ).toMatchObject({
    args: ['/bin/c'],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'Y=2'],
    cwd: '/',
    user: { uid: 9, gid: 10 },
  });
});

test('the user of an image may be a name of its own accounts', () => {
  const root: Tree = new Map();
  putFile(root, 'etc/passwd', 'root:x:0:0::/:/bin/sh\nwww:x:33:34::/:/bin/sh\n');
  putFile(root, 'etc/group', 'web:x:40:\n');
  expect(config({}, { ...start, User: 'www' }, root).process.user).toEqual({ uid: 33, gid: 34 });
  expect(config({}, { ...start, User: 'www:web' }, root).process.user).toEqual({ uid: 33, gid: 40 });
  expect(() => config({}, { ...start, User: 'nobody' }, root)).toThrow(/starts as nobody/);
});

test('a container with nothing to start is refused', () => {
  expect(() => config({}, {})).toThrow(expect.objectContaining({ code: 'SPEC_INVALID' }));
});

test('capabilities are spelt out, sorted, and an unknown one is refused', () => {
  const bounding = (...capabilities: string[]) => config({ capabilities }).process.capabilities.bounding;
  expect(bounding('net_raw', 'CAP_NET_ADMIN', 'CAP_NET_RAW')).toEqual(['CAP_NET_ADMIN', 'CAP_NET_RAW']);
  expect(bounding('none')).toEqual([]);
  expect(bounding('all')).toHaveLength(41);
  expect(() => bounding('CAP_FLY')).toThrow(/CAP_FLY is no capability/);
});

test('mounting and namespaces are filtered unless the container administers the machine', () => {
  const allowed = (capabilities: string[]) =>
    config({ capabilities }).linux.seccomp?.syscalls.flatMap(({ names, action }) =>
      action === 'SCMP_ACT_ALLOW' ? names : [],
    );
  for (const call of ['mount', 'unshare', 'bpf', 'keyctl', 'io_uring_setup', 'ptrace', 'reboot'])
    expect(allowed([])).not.toContain(call);
  expect(allowed(['all'])).toEqual(expect.arrayContaining(['mount', 'unshare', 'bpf', 'reboot']));
  expect(allowed(['CAP_SYS_TIME'])).toContain('clock_settime');
});

test('a processor of 32 bits has calls of its own, without which the C library starts nothing', () => {
  const allowed = (arch: Arch) =>
    seccompProfile(arch, []).syscalls.flatMap(({ names, action }) =>
      action === 'SCMP_ACT_ALLOW' ? names : [],
    );
  expect(allowed('arm/v7')).toEqual(
    expect.arrayContaining(['set_tls', 'mmap2', 'clock_gettime64', 'openat']),
  );
  expect(allowed('riscv64')).toContain('riscv_hwprobe');
  expect(allowed('arm64')).not.toContain('set_tls');
  for (const arch of Arch.options) expect(allowed(arch)).not.toContain('mount');
});

test('binds without options are shared and writable, with options they keep them; later mounts replace earlier', () => {
  const { mounts } = config({ binds: ['/data:/data', '/srv:/srv:ro'], tmpfs: ['/tmp:size=1m', '/dev/shm'] });
  const at = (path: string) => mounts.filter(({ destination }) => destination === path);
  expect(at('/data')).toEqual([
    { destination: '/data', type: 'bind', source: '/data', options: ['rw', 'rbind', 'rshared'] },
  ]);
  expect(at('/srv')[0]?.options).toEqual(['ro', 'rbind']);
  expect(at('/tmp')[0]?.options).toEqual(['size=1m']);
  expect(at('/dev/shm')).toEqual([{ destination: '/dev/shm', type: 'tmpfs', source: 'tmpfs', options: [] }]);
  expect(() => config({ binds: ['/data'] })).toThrow(/SOURCE:DESTINATION/);
});

test('what may change its files must say so', () => {
  expect(config({ readonly: false }).root.readonly).toBe(false);
});

test('a container with rules of Landlock starts by taking them on', () => {
  const landlock = { read: ['/etc'], write: ['/data'], execute: ['/usr'], bind: [80], connect: [] };
  const { process, mounts } = config({ landlock });
  expect(process.args).toEqual([
    '/.slipway-landlock',
    'read=/etc',
    'write=/dev',
    'write=/data',
    'execute=/usr',
    'bind',
    'bind=80',
    'connect',
    '--',
    '/bin/service',
  ]);
  expect(mounts).toContainEqual({
    destination: '/.slipway-landlock',
    type: 'bind',
    source: '/usr/lib/slipway/landlock',
    options: ['bind', 'ro', 'nosuid', 'nodev'],
  });
  expect(config({}).mounts.map(({ destination }) => destination)).not.toContain('/.slipway-landlock');
});

test('limits of control groups are the specification of OCI', () => {
  const { resources } = config({
    resources: {
      memory: { limit: 1 },
      pids: { limit: 2 },
      blockio: { weight: 3 },
      devices: [{ allow: true, type: 'c', major: 1, minor: 3, access: 'r' }],
    },
  }).linux;
  expect(resources).toEqual({
    memory: { limit: 1 },
    pids: { limit: 2 },
    blockIO: { weight: 3 },
    devices: [
      { allow: false, access: 'rwm' },
      { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
    ],
  });
});

test('limits keep their names and units', () => {
  expect(config({ rlimits: ['nofile,1024,4096', 'memlock,unlimited'] }).process.rlimits).toEqual([
    { type: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 },
    { type: 'RLIMIT_MEMLOCK', soft: Number.MAX_SAFE_INTEGER, hard: Number.MAX_SAFE_INTEGER },
  ]);
});
