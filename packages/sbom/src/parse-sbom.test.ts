import * as fc from 'fast-check';
import { codeOf } from '@slipway/protocol';
import { describe, expect, test } from 'vitest';
import { makeCycloneDx } from './cyclonedx.ts';
import { parseSbom } from './parse-sbom.ts';
import { makeSpdx } from './spdx.ts';
import { arbitrarySbom } from './testing/arbitrary-sbom.ts';
import { SAMPLE } from './testing/sample-sbom.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (value: unknown) => parseSbom(bytes(JSON.stringify(value)));

const outcome = (run: () => unknown): string => {
  try {
    run();
    return 'read';
  } catch (error) {
    return codeOf(error);
  }
};

describe('both documents say the same', () => {
  test.each([
    ['CycloneDX', makeCycloneDx],
    ['SPDX', makeSpdx],
  ])('what is read from %s makes both documents again', (_, make) => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(SAMPLE), arbitrarySbom), (sbom) => {
        const read = parseSbom(bytes(make(sbom)));
        expect(makeCycloneDx(read)).toBe(makeCycloneDx(sbom));
        expect(makeSpdx(read)).toBe(makeSpdx(sbom));
      }),
      { numRuns: 60 },
    );
  });
});

describe('documents of other tools', () => {
  test('CycloneDX: packages that no container holds are in the subject', () => {
    const sbom = parse({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      metadata: {
        timestamp: '2024-01-01T00:00:00+00:00',
        tools: [{ name: 'other' }],
        component: { type: 'container', name: 'alpine:3', 'bom-ref': 'root' },
      },
      components: [
        {
          type: 'library',
          name: 'net',
          group: 'golang.org/x',
          version: 'v1.0.0',
          purl: 'pkg:golang/golang.org/x/net@v1.0.0',
        },
        { type: 'library', name: 'unknown', licenses: [{ license: { name: 'Foo' } }] },
        { type: 'file', name: '/etc/passwd' },
      ],
    });
    expect(sbom).toEqual({
      subject: { name: 'alpine:3', version: '' },
      time: 1_704_067_200,
      components: [
        {
          ref: 'alpine:3',
          packages: expect.arrayContaining([
            {
              type: 'golang',
              name: 'golang.org/x/net',
              version: 'v1.0.0',
              purl: 'pkg:golang/golang.org/x/net@v1.0.0',
              licenses: [],
            },
            {
              type: 'generic',
              name: 'unknown',
              version: '',
              purl: 'pkg:generic/unknown@',
              licenses: ['Foo'],
            },
          ]) as unknown,
        },
      ],
    });
  });

  test('CycloneDX: what is nested in a container is held by it', () => {
    const sbom = parse({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      components: [
        {
          type: 'container',
          name: 'a',
          'bom-ref': 'x',
          components: [{ type: 'library', name: 'in-a', version: '1' }],
        },
        { type: 'container', name: 'a', 'bom-ref': 'y' },
      ],
      dependencies: [{ ref: 'y', dependsOn: ['x', 'none'] }],
    });
    expect(sbom.components.map(({ ref, packages }) => [ref, packages.map(({ name }) => name)])).toEqual([
      ['a', ['in-a']],
      ['a (y)', []],
    ]);
  });

  test('SPDX: relationships in either direction', () => {
    const sbom = parse({
      spdxVersion: 'SPDX-2.2',
      name: 'doc',
      documentDescribes: ['SPDXRef-root'],
      packages: [
        { SPDXID: 'SPDXRef-root', name: 'root', versionInfo: '1' },
        { SPDXID: 'SPDXRef-c', name: 'image', primaryPackagePurpose: 'CONTAINER' },
        {
          SPDXID: 'SPDXRef-p',
          name: 'p',
          versionInfo: '2',
          licenseConcluded: 'MIT',
          licenseDeclared: 'NOASSERTION',
        },
        { SPDXID: 'SPDXRef-q', name: 'q', versionInfo: '3', supplier: 'Person: Q (q@q.example)' },
      ],
      relationships: [
        { spdxElementId: 'SPDXRef-p', relationshipType: 'CONTAINED_BY', relatedSpdxElement: 'SPDXRef-c' },
      ],
    });
    expect(sbom.subject).toEqual({ name: 'root', version: '1' });
    expect(sbom.components).toMatchObject([
      { ref: 'image', packages: [{ name: 'p', licenses: ['MIT'] }] },
      { ref: 'root', packages: [{ name: 'q', supplier: 'Q <q@q.example>' }] },
    ]);
  });
});

describe('what is no document', () => {
  test.each([
    ['no JSON', '{'],
    ['no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['a list', '[]'],
    ['null', 'null'],
    ['another object', '{"a": 1}'],
    ['CycloneDX of another form', '{"bomFormat": "CycloneDX", "specVersion": "2.0"}'],
    ['a component without a name', '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}]}'],
    [
      'two components of one bom-ref',
      JSON.stringify({
        bomFormat: 'CycloneDX',
        specVersion: '1.6',
        components: ['a', 'b'].map((name) => ({ type: 'library', name, 'bom-ref': 'x' })),
      }),
    ],
    ['SPDX 3', '{"spdxVersion": "SPDX-3.0"}'],
    ['SPDX with a wrong list', '{"spdxVersion": "SPDX-2.3", "packages": {}}'],
  ])('%s is refused', (_, content) => {
    expect(() => parseSbom(typeof content === 'string' ? bytes(content) : content)).toThrow(
      expect.objectContaining({ code: 'SBOM_INVALID' }),
    );
  });

  test('components nested without end are read without a stack of them', () => {
    const depth = 2000;
    const open = '{"type":"library","name":"a","components":[';
    const text = `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[${open.repeat(depth)}${']}'.repeat(depth)}]}`;
    expect(parseSbom(bytes(text)).components[0]?.packages).toHaveLength(depth);
  });

  test('any damage is read or refused with the code', () => {
    const documents = [makeCycloneDx(SAMPLE), makeSpdx(SAMPLE)].map((text): unknown => JSON.parse(text));
    /** Replaces one value somewhere inside. */
    const damage = (value: unknown, path: readonly number[], by: unknown): unknown => {
      if (typeof value !== 'object' || value === null || path.length === 0) return by;
      const entries = Object.entries(value);
      const at = (path[0] ?? 0) % Math.max(1, entries.length);
      const changed = entries.map(([key, inner], index): [string, unknown] => [
        key,
        index === at ? damage(inner, path.slice(1), by) : inner,
      ]);
      return Array.isArray(value) ? changed.map(([, inner]) => inner) : Object.fromEntries(changed);
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...documents),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
        fc.jsonValue(),
        (document, path, by) => {
          expect(outcome(() => makeCycloneDx(parse(damage(document, path, by))))).toMatch(
            /^(?:read|SBOM_INVALID)$/,
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});
