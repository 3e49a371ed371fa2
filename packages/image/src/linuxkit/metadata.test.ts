import { expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { metadata } from './metadata.ts';
import { parse } from './testing/build.ts';

const SMALL = `
kernel: { image: linuxkit/kernel:6.6.13, cmdline: "console=tty0 console=ttyS0" }
init: [linuxkit/init:1, alpine]
services:
  - name: getty
    image: linuxkit/getty:2
    env: [INSECURE=true]
    binds: ["/etc/resolv.conf:/etc/resolv.conf"]
volumes:
  - name: blank
files:
  - path: etc/linuxkit-config
    metadata: yaml
`;

test('as LinuxKit writes it in YAML', () => {
  expect(metadata(parse(SMALL), 'yaml')).toBe(`kernel:
  image: docker.io/linuxkit/kernel:6.6.13
  cmdline: console=tty0 console=ttyS0
init:
- docker.io/linuxkit/init:1
- docker.io/library/alpine
onboot: []
onshutdown: []
services:
- name: getty
  image: docker.io/linuxkit/getty:2
  binds:
  - /etc/resolv.conf:/etc/resolv.conf
  env:
  - INSECURE=true
files:
- path: etc/linuxkit-config
  directory: false
  metadata: yaml
  optional: false
volumes:
- name: blank
`);
});

test('as LinuxKit writes it in JSON: what nobody wrote is null', () => {
  expect(metadata(parse(SMALL), 'json')).toBe(`{
    "kernel": {
        "image": "docker.io/linuxkit/kernel:6.6.13",
        "cmdline": "console=tty0 console=ttyS0"
    },
    "init": [
        "docker.io/linuxkit/init:1",
        "docker.io/library/alpine"
    ],
    "onboot": null,
    "onshutdown": null,
    "services": [
        {
            "name": "getty",
            "image": "docker.io/linuxkit/getty:2",
            "binds": [
                "/etc/resolv.conf:/etc/resolv.conf"
            ],
            "env": [
                "INSECURE=true"
            ]
        }
    ],
    "files": [
        {
            "path": "etc/linuxkit-config",
            "directory": false,
            "metadata": "yaml",
            "optional": false
        }
    ],
    "volumes": [
        {
            "name": "blank"
        }
    ]
}`);
});

/** Every key, so that none is forgotten. */
const FULL = `
kernel: { image: k/k:1, cmdline: quiet, binary: bzImage, tar: none, ucode: "" }
onboot:
  - name: all
    image: a/a:1
    capabilities: [CAP_CHOWN]
    capabilities.add: [CAP_KILL]
    ambient: [CAP_CHOWN]
    mounts: [{ type: tmpfs, source: tmpfs, destination: /t, options: [ro] }]
    binds: [/a:/b]
    binds.add: [/c:/d]
    devices: [{ path: /dev/x, type: c, major: 1, minor: 2, mode: "0666" }]
    tmpfs: [/tmp]
    command: [x]
    env: [A=1]
    cwd: /w
    net: new
    pid: new
    ipc: new
    uts: new
    userns: new
    hostname: box
    readonly: false
    maskedPaths: [/m]
    readonlyPaths: [/r]
    uid: all
    gid: 5
    additionalGids: [all, 6]
    noNewPrivileges: true
    oomScoreAdj: 0
    rootfsPropagation: shared
    cgroupsPath: c
    resources: { memory: { limit: 5 }, blockio: { weight: 3 } }
    sysctl: { a.b: "1" }
    rlimits: ["nofile,1,2"]
    uidMappings: [{ containerID: 1, hostID: 2, size: 3 }]
    gidMappings: [{ containerID: 1, hostID: 2, size: 3 }]
    annotations: { a: b }
    runtime:
      cgroups: [c]
      mounts: [{ type: bind, source: /s, destination: /d }]
      mkdir: [/m]
      interfaces: [{ name: n, add: a, peer: p, createInRoot: true }]
      bindNS: { net: /n }
      namespace: ns
volumes: [{ name: v, image: v/v:1, readonly: true, format: oci, platforms: [linux/arm64] }]
files:
  - { path: a, contents: "", mode: "0644", uid: 0, gid: all }
  - { path: b, source: s, optional: true }
  - { path: c, symlink: d }
`;

test.each(['yaml', 'json'] as const)('what it writes as %s means the same again', (format) => {
  const spec = parse(FULL);
  const text = metadata(spec, format);
  // JSON is YAML; a null list, as Go writes it, is one that is not there.
  const again = parse(text.replaceAll(': null', ': []'));
  expect(metadata(again, format)).toBe(text);
  expect(again.onboot[0]).toMatchObject({ uid: 'all', gid: 5, oomScoreAdj: 0, readonly: false });
});

test('no key is lost', () => {
  const written: unknown = parseYaml(FULL);
  const value: unknown = parseYaml(metadata(parse(FULL), 'yaml'));
  const withFullNames = JSON.parse(
    JSON.stringify(written).replaceAll(/"image":"((?!v)\w\/\w:1)"/g, '"image":"docker.io/$1"'),
  );
  expect(value).toMatchObject(withFullNames);
});

test('numbers in keys are sorted by value in YAML and by text in JSON, as Go does', () => {
  const spec = parse('services: [{ name: a, image: b, sysctl: { eth10: "1", eth9: "2" } }]');
  expect(metadata(spec, 'yaml')).toMatch(/eth9: "2"\n +eth10: "1"/);
  expect(metadata(spec, 'json')).toMatch(/"eth10": "1",\n +"eth9": "2"/);
});

test('names of images of volumes are as they are written, as in LinuxKit', () => {
  const spec = parse('volumes: [{ name: v, image: alpine }]');
  expect(metadata(spec, 'yaml')).toContain('- name: v\n  image: alpine\n');
});

test("Slipway's own keys follow if the image needs them", () => {
  const text = metadata(parse('init: ["deb:base"]\npackages: { base: { install: [busybox] } }'), 'yaml');
  expect(parse(text).packages['base']?.install).toEqual(['busybox']);
});
