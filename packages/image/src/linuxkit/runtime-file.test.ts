import { expect, test } from 'vitest';
import { build, jsonAt, type TestImage } from './testing/build.ts';

const runtimeOf = async (runtime: string, label?: string) => {
  const image: TestImage =
    label === undefined ? {} : { config: { Labels: { 'org.mobyproject.config': label } } };
  const yaml = `services:\n- name: web\n  image: web\n  readonly: true\n${runtime === '' ? '' : `  runtime: ${runtime}`}`;
  return jsonAt(await build(yaml, { images: { web: image } }), 'containers/services/web/runtime.json');
};

const ROOT = {
  destination: '/containers/services/web/rootfs',
  source: '/containers/services/web/rootfs',
  options: ['bind'],
};
const bindNS = { cgroup: '', ipc: '', mnt: '', net: '', pid: '', user: '', uts: '' };

// What nobody asks for is there all the same, as nothing.
const NOTHING = { cgroups: [], mounts: [ROOT], mkdir: [], interfaces: [], bindNS, namespace: '' };

const ROWS: readonly (readonly [runtime: string, expected: object, label?: string])[] = [
  ['', {}],
  ['{ cgroups: [a/b] }', { cgroups: ['a/b'] }],
  ['{ mkdir: [/var/x] }', { mkdir: ['/var/x'] }],
  ['{ namespace: services.linuxkit }', { namespace: 'services.linuxkit' }],
  [
    '{ mounts: [{ type: tmpfs, source: tmpfs, destination: /run/x, options: [size=1m] }] }',
    { mounts: [ROOT, { destination: '/run/x', type: 'tmpfs', source: 'tmpfs', options: ['size=1m'] }] },
  ],
  [
    '{ interfaces: [{ name: wg0, add: wireguard, createInRoot: true }, { name: veth0, add: veth, peer: veth1 }] }',
    {
      interfaces: [
        { name: 'wg0', add: 'wireguard', createInRoot: true },
        { name: 'veth0', add: 'veth', peer: 'veth1', createInRoot: false },
      ],
    },
  ],
  [
    '{ bindNS: { cgroup: /c, ipc: /i, mnt: /m, net: /n, pid: /p, user: /u, uts: /t } }',
    { bindNS: { cgroup: '/c', ipc: '/i', mnt: '/m', net: '/n', pid: '/p', user: '/u', uts: '/t' } },
  ],
  // The label holds where the image file says nothing, name by name.
  [
    '{ mkdir: [/own], bindNS: { net: /own } }',
    { mkdir: ['/own'], cgroups: ['label'], bindNS: { ...bindNS, net: '/own', pid: '/label' } },
    '{"runtime": {"mkdir": ["/label"], "cgroups": ["label"], "bindNS": {"net": "/label", "pid": "/label"}}}',
  ],
];

test.each(ROWS.map(([runtime, expected, label]) => ({ runtime, expected, label })))(
  'runtime: $runtime',
  async ({ runtime, expected, label }) => {
    expect(await runtimeOf(runtime, label)).toEqual({ ...NOTHING, ...expected });
  },
);
