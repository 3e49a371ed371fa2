import { describe, expect, test } from 'vitest';
import { componentName, diffSboms, isSame } from './diff-sboms.ts';
import type { FoundPackage } from './found-package.ts';
import type { Sbom } from './sbom.ts';
import { digestOf, LIBC, MUSL, NET, SAMPLE, ZOD } from './testing/sample-sbom.ts';

const image = (components: Readonly<Record<string, readonly FoundPackage[]>>): Sbom => ({
  subject: { name: 'edge', version: '1' },
  time: 0,
  components: Object.entries(components).map(([ref, packages]) => ({ ref, packages })),
});

const at = (item: FoundPackage, version: string): FoundPackage => ({
  ...item,
  version,
  purl: item.purl.replace(item.version, version),
});

const none = {
  components: { added: [], removed: [], changed: [] },
  added: [],
  removed: [],
  versions: [],
  licenses: [],
  moved: [],
};

test.each([
  ['docker.io/linuxkit/runc:v1', 'docker.io/linuxkit/runc'],
  [`docker.io/linuxkit/runc:v1@sha256:${'a'.repeat(64)}`, 'docker.io/linuxkit/runc'],
  ['localhost:5000/web', 'localhost:5000/web'],
  ['oci:layouts/web:2', 'oci:layouts/web'],
  ['docker-archive:a.tar:web:2', 'docker-archive:a.tar:web'],
  ['deb:system', 'deb:system'],
])('%s is %s', (ref, name) => {
  expect(componentName(ref)).toBe(name);
});

describe('a difference', () => {
  test('there is none of an image and itself', () => {
    expect(diffSboms(SAMPLE, SAMPLE)).toEqual(none);
    expect(isSame(diffSboms(SAMPLE, SAMPLE))).toBe(true);
  });

  test('packages and components come and go', () => {
    const diff = diffSboms(image({ a: [LIBC], b: [] }), image({ a: [MUSL], c: [] }));
    expect(diff).toEqual({
      ...none,
      components: { added: ['c'], removed: ['b'], changed: [] },
      added: [{ type: 'apk', name: 'musl', version: '1.2.5-r0', licenses: ['MIT'], components: ['a'] }],
      removed: [expect.objectContaining({ name: 'libc6', version: '2.41-12' })],
    });
    expect(isSame(diff)).toBe(false);
  });

  test('a version, a licence', () => {
    const diff = diffSboms(
      image({ a: [MUSL, ZOD] }),
      image({ a: [at(MUSL, '1.2.6-r0'), { ...ZOD, licenses: ['Apache-2.0'] }] }),
    );
    expect(diff).toEqual({
      ...none,
      versions: [{ type: 'apk', name: 'musl', from: '1.2.5-r0', to: '1.2.6-r0' }],
      licenses: [
        {
          type: 'npm',
          name: '@scope/zod',
          version: '4.0.0',
          from: ['LicenseRef-public-domain', 'MIT OR Apache-2.0'],
          to: ['Apache-2.0'],
        },
      ],
    });
  });

  test('another tag of a component is a change of it, and moves nothing', () => {
    const diff = diffSboms(image({ 'linuxkit/init:v1': [NET] }), image({ 'linuxkit/init:v2': [NET] }));
    expect(diff).toEqual({
      ...none,
      components: {
        added: [],
        removed: [],
        changed: [{ name: 'linuxkit/init', from: 'linuxkit/init:v1', to: 'linuxkit/init:v2' }],
      },
    });
  });

  test('so is other content under the same tag', () => {
    const build = (digit: string): Sbom => ({
      ...image({}),
      components: [{ ref: 'web:1', digest: digestOf(digit), packages: [] }],
    });
    expect(diffSboms(build('1'), build('2')).components.changed).toEqual([
      { name: 'web', from: `web:1@${digestOf('1')}`, to: `web:1@${digestOf('2')}` },
    ]);
  });

  test('two tags of one image stay apart', () => {
    const diff = diffSboms(image({ 'web:1': [], 'web:2': [] }), image({ 'web:1': [], 'web:3': [] }));
    expect(diff.components).toEqual({ added: ['web:3'], removed: ['web:2'], changed: [] });
  });

  test('a package moves', () => {
    expect(diffSboms(image({ a: [MUSL], b: [] }), image({ a: [], b: [MUSL] })).moved).toEqual([
      { type: 'apk', name: 'musl', version: '1.2.5-r0', from: ['a'], to: ['b'] },
    ]);
  });

  test('of several versions of one package only those that changed are paired', () => {
    const diff = diffSboms(
      image({ a: [at(ZOD, '3.0.0'), at(ZOD, '10.0.0'), at(ZOD, '9.0.0')] }),
      image({ a: [at(ZOD, '9.0.1'), at(ZOD, '3.0.0'), at(ZOD, '10.0.1'), at(ZOD, '11.0.0')] }),
    );
    expect(diff.versions.map(({ from, to }) => [from, to])).toEqual([
      ['9.0.0', '9.0.1'],
      ['10.0.0', '10.0.1'],
    ]);
    expect(diff.added.map(({ version }) => version)).toEqual(['11.0.0']);
    expect(diff.removed).toEqual([]);
  });

  test('packages of one name and different ecosystems have nothing to do with one another', () => {
    const npm: FoundPackage = { ...ZOD, name: 'musl', purl: 'pkg:npm/musl@1.0.0' };
    expect(diffSboms(image({ a: [MUSL] }), image({ a: [npm] }))).toMatchObject({
      added: [{ type: 'npm' }],
      removed: [{ type: 'apk' }],
      versions: [],
    });
  });
});
