import { expect, test } from 'vitest';
import { z } from 'zod';
import { inputsOf, makeProvenance, type ProvenanceInput } from './provenance.ts';
import { digestOf, LIBC, SAMPLE } from './testing/sample-sbom.ts';

const Uri = z.string().regex(/^[a-z][a-z0-9+.-]*:\S+$/);
const DigestSet = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });
/** in-toto v1, ResourceDescriptor: at least one of name, uri, digest and content. */
const Descriptor = z.strictObject({ name: z.string().optional(), uri: Uri.optional(), digest: DigestSet });

/** in-toto Statement v1 with SLSA Provenance v1; of each only the fields that we write. */
const Statement = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.strictObject({ name: z.string().min(1), digest: DigestSet })).min(1),
  predicateType: z.literal('https://slsa.dev/provenance/v1'),
  predicate: z.strictObject({
    buildDefinition: z.strictObject({
      buildType: Uri,
      externalParameters: z.record(z.string(), z.unknown()),
      internalParameters: z.record(z.string(), z.unknown()),
      resolvedDependencies: z.array(Descriptor),
    }),
    runDetails: z.strictObject({
      builder: z.strictObject({ id: Uri, version: z.record(z.string(), z.string()) }),
      metadata: z.strictObject({ invocationId: z.string() }),
    }),
  }),
});

const INPUT: ProvenanceInput = {
  outputs: [
    { name: 'edge.tar', digest: digestOf('a') },
    { name: 'edge-initrd.img', digest: digestOf('b') },
  ],
  arch: 'amd64',
  formats: ['tar', 'kernel+initrd'],
  imageFiles: [
    { name: 'edge.yml', digest: digestOf('c') },
    { name: 'base.yml', digest: digestOf('d') },
  ],
  lock: { name: 'slipway.lock', digest: digestOf('e') },
  parameters: { b: 1, a: { d: 1, c: [] } },
  inputs: inputsOf(SAMPLE),
  toolVersion: '0.1.0',
};

test('a build tells what went in and what came out, by digest', () => {
  const statement = Statement.parse(JSON.parse(makeProvenance(INPUT)));
  const { buildDefinition, runDetails } = statement.predicate;
  expect(statement.subject).toEqual([
    { name: 'edge-initrd.img', digest: { sha256: 'b'.repeat(64) } },
    { name: 'edge.tar', digest: { sha256: 'a'.repeat(64) } },
  ]);
  expect(buildDefinition.externalParameters).toEqual({
    arch: 'amd64',
    formats: ['kernel+initrd', 'tar'],
    // In the order in which they were merged.
    imageFiles: [
      { name: 'edge.yml', digest: { sha256: 'c'.repeat(64) } },
      { name: 'base.yml', digest: { sha256: 'd'.repeat(64) } },
    ],
    lock: { name: 'slipway.lock', digest: { sha256: 'e'.repeat(64) } },
    parameters: { a: { c: [], d: 1 }, b: 1 },
  });
  const firsts = buildDefinition.resolvedDependencies.map(({ digest }) => digest.sha256[0] ?? '');
  expect(new Set(firsts)).toEqual(new Set(['1', '2', 'c', 'd', 'e']));
  expect(firsts).toHaveLength(5);
  expect(buildDefinition.resolvedDependencies).toContainEqual({
    uri: LIBC.purl,
    name: 'libc6',
    digest: { sha256: '1'.repeat(64) },
  });
  expect(runDetails.builder).toEqual({ id: 'urn:slipway:builder:local', version: { slipway: '0.1.0' } });
});

test('the same build says the same, another does not', () => {
  const invocation = (input: ProvenanceInput) =>
    Statement.parse(JSON.parse(makeProvenance(input))).predicate.runDetails.metadata.invocationId;
  const turned: ProvenanceInput = {
    ...INPUT,
    outputs: INPUT.outputs.toReversed(),
    formats: INPUT.formats.toReversed(),
    inputs: [...INPUT.inputs.toReversed(), ...INPUT.inputs],
    parameters: { a: { c: [], d: 1 }, b: 1 },
  };
  expect(makeProvenance(turned)).toBe(makeProvenance(INPUT));
  expect(invocation({ ...INPUT, arch: 'arm64' })).not.toBe(invocation(INPUT));
  expect(invocation({ ...INPUT, imageFiles: INPUT.imageFiles.toReversed() })).not.toBe(invocation(INPUT));
  expect(invocation({ ...INPUT, builder: { id: 'https://ci.example/1' } })).not.toBe(invocation(INPUT));
});
