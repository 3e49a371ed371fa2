import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, assert, boolean, constantFrom, integer, property, record, stringMatching } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSpec } from './format-spec.ts';
import type { ImageFile } from './image-file.ts';
import { parseImageFiles } from './parse-image.ts';

const folder = join(import.meta.dirname, 'fixture', 'linuxkit');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const parse = (text: string): ImageFile =>
  parseImageFiles([{ name: 'image.yml', text }], { paths: 'working-directory' });

const examples = readdirSync(folder).filter((name) => name.endsWith('.yml'));

describe('files of LinuxKit', () => {
  test.each(examples)('%s is an image', (name) => {
    expect(parse(read(name)).kernel?.image).toMatch(/^[a-z/]+:/);
  });

  test.each(examples)('%s says the same once it is resolved', (name) => {
    const once = formatSpec(parse(read(name)));
    expect(formatSpec(parse(once))).toBe(once);
  });

  test('every key is written as by LinuxKit', () => {
    const spec = parse(read('all-keys.yml'));
    expect(formatSpec(spec)).toBe(read('resolved/all-keys.yml'));
    expect(formatSpec(spec, 'json')).toBe(read('resolved/all-keys.json'));
  });
});

test('an image of nothing is written out', () => {
  expect(formatSpec(parse(''))).toBe(`kernel:
    image: ""
init: []
onboot: []
onshutdown: []
services: []
files: []
volumes: []
`);
});

test('resources and mappings keep the names that they are read by', () => {
  const settings = {
    name: 'a',
    image: 'x',
    resources: { memory: { limit: 1, kernelTCP: 2 }, blockio: { weight: 10 } },
    uidMappings: [{ containerID: 0, hostID: 1, size: 2 }],
  };
  expect(parse(formatSpec(parse(JSON.stringify({ services: [settings] })))).services).toEqual([settings]);
});

test("Slipway's own keys follow where they say more than their defaults", () => {
  const text = `services: [{name: web, image: nginx}]
packages: {base: {install: [netbase], dependencies: none}}
debian: [{suites: [trixie], snapshot: 20261101T000000Z}]
agent: {enabled: false, runtime: node, timeZone: CET-1, remoteRollback: true}
modules: [tun]
health: {deadline: 60, probes: [{type: tcp, name: port, host: 127.0.0.1, port: 80, retries: 2}], resources: {memory: 1536K, disk: 2G, temperature: 95.5}}
link: {interfaces: [lte*], maxRate: 64K}
diagnostics: [{name: ping, command: [ping, -c, '1', gateway]}]
`;
  const formatted = formatSpec(parse(text));
  expect(parse(formatted)).toEqual(parse(text));
  expect(formatted.slice(formatted.indexOf('packages:'))).toBe(`packages:
    base:
        install:
            - netbase
        dependencies: none
        debian:
            - suites:
                - trixie
              components:
                - main
              snapshot: 20261101T000000Z
debian:
    - suites:
        - trixie
      components:
        - main
      snapshot: 20261101T000000Z
agent:
    enabled: false
    runtime: node
    timeZone: CET-1
    remoteRollback: true
modules:
    - tun
health:
    deadline: 60
    probes:
        - type: tcp
          name: port
          host: 127.0.0.1
          port: 80
          retries: 2
    resources:
        memory: 1536K
        disk: 2G
        temperature: 95.5
link:
    interfaces:
        - lte*
    maxRate: 64K
diagnostics:
    - name: ping
      command:
        - ping
        - -c
        - "1"
        - gateway
`);
});

const word = stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const anyText = stringMatching(/^[ -~\n\t\u00e9]{0,12}$/);
const image = constantFrom('alpine', 'linuxkit/init:v1', 'oci:web', 'docker-archive:a.tar:b:1');
const container = record(
  {
    name: word,
    image,
    capabilities: constantFrom(['all'], [], ['CAP_CHOWN', 'CAP_KILL']),
    binds: constantFrom(['/a:/b'], []),
    command: array(anyText, { maxLength: 3 }),
    env: array(anyText, { maxLength: 2 }),
    readonly: boolean(),
    uid: constantFrom<(number | string)[]>(0, 1000, 'root'),
    oomScoreAdj: integer({ min: -1000, max: 1000 }),
    sysctl: constantFrom({}, { 'net.ipv4.ip_forward': '1' }),
    runtime: constantFrom({}, { mkdir: ['/a'], bindNS: { net: '/run/n' } }),
  },
  { requiredKeys: ['name', 'image'] },
);
const file = record({
  path: word,
  directory: constantFrom(false),
  optional: boolean(),
  contents: anyText,
  mode: constantFrom('0644', '755'),
});
const specs = record({
  kernel: record({ image, cmdline: word, tar: constantFrom('none', '', 'a.tar') }),
  init: array(image, { maxLength: 2 }),
  onboot: array(container, { maxLength: 2 }),
  services: array(container, { maxLength: 1 }),
  files: array(file, { maxLength: 3 }),
  volumes: constantFrom([], [{ name: 'a' }, { name: 'b', image: 'alpine', readonly: true }]),
});

test('what is formatted parses to the same', () => {
  assert(
    property(specs, (written) => {
      const spec = parse(JSON.stringify(written));
      expect(parse(formatSpec(spec))).toEqual(spec);
    }),
  );
});
