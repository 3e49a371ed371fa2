import { describe, expect, test } from 'vitest';
import { thrownBy } from './fixture/thrown-by.ts';
import { parseImageFiles } from './parse-image.ts';

const parse = (file: object) => parseImageFiles([{ name: 'a.yml', text: JSON.stringify(file) }]);

describe('kernel', () => {
  test.each([
    { image: 'a/b', cmdline: 'quiet', binary: 'bzImage', tar: 'none', ucode: 'intel.cpio' },
    { image: 'a/b', cmdline: '', tar: '' },
  ])('may be %j', (kernel) => {
    expect(parse({ kernel }).kernel).toEqual(kernel);
  });

  test.each([{}, { image: '' }, { cmdline: 'quiet' }])('%j is no kernel', (kernel) => {
    expect(parse({ kernel }).kernel).toBeUndefined();
  });
});

test.each([
  { name: 'blank' },
  { name: 'a-b_0', image: 'alpine', readonly: true },
  { name: 'a', image: 'alpine', format: 'filesystem' },
  { name: 'a', image: 'alpine', format: 'oci', platforms: ['linux/amd64', 'linux/arm64/v8'] },
])('a volume may be %j', (volume) => {
  expect(parse({ volumes: [volume] }).volumes).toEqual([volume]);
});

test.each([
  { path: 'a', contents: '' },
  { path: '/etc/a', contents: 'x', mode: '755', uid: 0, gid: 'web' },
  { path: 'a', directory: true, mode: '01777', uid: 'web' },
  { path: 'a', symlink: '/run/a' },
  { path: 'a', source: 'b/c', optional: true },
  { path: 'a', metadata: 'yaml' },
  { path: 'a', metadata: 'json' },
  { path: 'a', directory: false, contents: 'x' },
])('a file may be %j', (file) => {
  expect(parse({ files: [file], services: [{ name: 'web', image: 'nginx' }] }).files).toEqual([file]);
});

test('of a file an empty text is one that nobody wrote, but for its contents', () => {
  const empty = { symlink: '', source: '', metadata: '', mode: '' };
  expect(parse({ files: [{ path: 'a', contents: '', ...empty }] }).files).toEqual([
    { path: 'a', contents: '' },
  ]);
  expect(() => parse({ files: [{ path: 'a', ...empty }] })).toThrow('found none');
});

test('trust is accepted and ignored', () => {
  const image = parse({ trust: { image: ['linuxkit/kernel'], org: ['linuxkit'] } });
  expect(image).toEqual(parse({}));
});

test('an image of nothing is an image', () => {
  expect(parseImageFiles([{ name: 'a.yml', text: '' }])).toMatchObject({
    init: [],
    volumes: [],
    onboot: [],
    onshutdown: [],
    services: [],
    files: [],
    packages: {},
  });
});

test('what runs in sequence may run twice', () => {
  const list = [
    { name: 'a', image: 'x' },
    { name: 'a', image: 'x' },
  ];
  expect(parse({ onboot: list, onshutdown: list }).onboot).toEqual(list);
});

const service = (settings: object) => ({ services: [{ name: 'web', image: 'nginx', ...settings }] });
const readonlyVolume = { volumes: [{ name: 'ro', readonly: true }] };

test.each([
  { binds: ['ro:/a:ro'] },
  { binds: ['ro:/a:nosuid,ro'] },
  { 'binds.add': ['ro:/a:ro'] },
  { mounts: [{ type: 'bind', source: 'ro', destination: '/a', options: ['rbind', 'ro'] }] },
])('a read-only volume may be bound as %j', (settings) => {
  expect(parse({ ...readonlyVolume, ...service(settings) }).services[0]).toMatchObject(settings);
});

const bad: [title: string, file: object, details: object][] = [
  ['a kernel of unknown keys', { kernel: { images: 'a' } }, { key: 'kernel.images', suggestion: 'image' }],
  ['a kernel that is a text', { kernel: 'a' }, { key: 'kernel' }],
  ['a tar that is none', { kernel: { image: 'a', tar: null } }, { key: 'kernel.tar' }],
  ['a microcode that is a list', { kernel: { ucode: [] } }, { key: 'kernel.ucode' }],
  ['init as a text', { init: 'a' }, { key: 'init' }],
  ['a volume without name', { volumes: [{}] }, { key: 'volumes[0].name' }],
  ['a volume with a capital', { volumes: [{ name: 'A' }] }, { key: 'volumes[0].name' }],
  ['a volume of no name', { volumes: [{ name: '' }] }, { key: 'volumes[0].name' }],
  ['a volume named by a path', { volumes: [{ name: 'a/b' }] }, { key: 'volumes[0].name' }],
  ['two volumes of one name', { volumes: [{ name: 'a' }, { name: 'a' }] }, { key: 'volumes[1].name' }],
  [
    'a volume of unknown format',
    { volumes: [{ name: 'a', format: 'file' }] },
    { key: 'volumes[0].format', allowed: ['', 'filesystem', 'oci'] },
  ],
  ['an oci volume of nothing', { volumes: [{ name: 'a', format: 'oci' }] }, { key: 'volumes[0].format' }],
  [
    'a platform of no kind',
    { volumes: [{ name: 'a', platforms: ['amd64'] }] },
    { key: 'volumes[0].platforms[0]' },
  ],
  [
    'a volume of unknown keys',
    { volumes: [{ name: 'a', readOnly: true }] },
    { key: 'volumes[0].readOnly', suggestion: 'readonly' },
  ],
  [
    'a volume of no such package set',
    { volumes: [{ name: 'a', image: 'deb:b' }], packages: { c: { install: ['c'] } } },
    { key: 'volumes[0].image' },
  ],
  [
    'a read-only volume bound for writing',
    { ...readonlyVolume, ...service({ binds: ['ro:/a'] }) },
    { key: 'services[0].binds[0]' },
  ],
  [
    'a read-only volume bound as rw and ro',
    { ...readonlyVolume, ...service({ binds: ['ro:/a:rw,ro'] }) },
    { key: 'services[0].binds[0]' },
  ],
  [
    'a read-only volume added for writing',
    { ...readonlyVolume, ...service({ 'binds.add': ['ro:/a'] }) },
    { key: 'services[0]["binds.add"][0]' },
  ],
  [
    'a read-only volume mounted for writing',
    { ...readonlyVolume, ...service({ mounts: [{ type: 'bind', source: 'ro', destination: '/a' }] }) },
    { key: 'services[0].mounts[0].source' },
  ],
  ['a file of nothing', { files: [{ path: 'a' }] }, { key: 'files[0]' }],
  ['a file of two things', { files: [{ path: 'a', contents: '', source: 'b' }] }, { key: 'files[0]' }],
  [
    'a folder that holds metadata',
    { files: [{ path: 'a', directory: true, metadata: 'yaml' }] },
    { key: 'files[0]' },
  ],
  [
    'metadata of no format',
    { files: [{ path: 'a', metadata: 'toml' }] },
    { key: 'files[0].metadata', allowed: ['yaml', 'json'] },
  ],
  ['a mode of no digits', { files: [{ path: 'a', contents: '', mode: 'rwx' }] }, { key: 'files[0].mode' }],
  ['a mode beyond octal', { files: [{ path: 'a', contents: '', mode: '0888' }] }, { key: 'files[0].mode' }],
  ['a mode as a number', { files: [{ path: 'a', contents: '', mode: 420 }] }, { key: 'files[0].mode' }],
  ['a path that climbs', { files: [{ path: '/../a', contents: '' }] }, { key: 'files[0].path' }],
  ['an owner that is nobody', { files: [{ path: 'a', contents: '', uid: 'www' }] }, { key: 'files[0].uid' }],
  ['a group that is nobody', { files: [{ path: 'a', contents: '', gid: 'www' }] }, { key: 'files[0].gid' }],
  [
    'a file of unknown keys',
    { files: [{ path: 'a', content: '' }] },
    { key: 'files[0].content', suggestion: 'contents' },
  ],
  ['trust of unknown keys', { trust: { orgs: [] } }, { key: 'trust.orgs', suggestion: 'org' }],
  ['an unknown section', { onshutdwn: [] }, { key: 'onshutdwn', suggestion: 'onshutdown' }],
  ['a section of nothing', { services: null }, { key: 'services' }],
];

test.each(bad)('%s is refused', (_title, file, details) => {
  const error = thrownBy(() => parse(file));
  expect(error.code).toBe('SPEC_INVALID');
  expect(error.details).toMatchObject({ file: 'a.yml', line: 1, ...details });
});

test.each([
  ['services: [{ name: a }]', 'services[0].image: is missing: expected a text'],
  ['init: [1]', 'init[0]: expected a text (put it in quotes), found the number 1'],
  ['init: [[]]', 'init[0]: expected a text, found a list'],
  ['files: [{ path: "" }]', 'files[0].path: expected a text that is not empty, found the text ""'],
])('%s is told to have %s', (text, message) => {
  expect(() => parseImageFiles([{ name: 'a.yml', text }])).toThrow(message);
});
