import type { Arch, Digest } from '@slipway/protocol';
import { listPackages } from './normalise.ts';
import type { Sbom } from './sbom.ts';
import { uuidOf } from './uuid.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PROVENANCE_TYPE = 'https://slsa.dev/provenance/v1';
/** How to read the parameters below; changes when their meaning does. */
export const BUILD_TYPE = 'urn:slipway:build:v1';
/** Who ran the build: whoever runs `slipway build` by hand, if nobody says otherwise. */
export const LOCAL_BUILDER = 'urn:slipway:builder:local';

export type NamedDigest = { readonly name: string; readonly digest: Digest };

/** Something that went into a build: an image, a layer, a package, a file. */
export type BuildInput = {
  /** purl of an image or package; where it was fetched from */
  readonly uri?: string;
  readonly name?: string;
  readonly digest: Digest;
};

export type ProvenanceInput = {
  /** the files that came out */
  readonly outputs: readonly NamedDigest[];
  readonly arch: Arch;
  readonly formats: readonly string[];
  /** image files in the order they were merged, by the names they were given on the command line */
  readonly imageFiles: readonly NamedDigest[];
  readonly classFile?: NamedDigest;
  readonly lock?: NamedDigest;
  /** whatever else the caller chose and that changes the output; JSON */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** what the builder chose and that changes the output; JSON */
  readonly internalParameters?: Readonly<Record<string, unknown>>;
  readonly inputs: readonly BuildInput[];
  readonly builder?: { readonly id: string };
  /** of a server: which of its workers, and the how manieth attempt; nothing in the output depends on it */
  readonly run?: { readonly worker: string; readonly attempt: number } | undefined;
  /** of Slipway */
  readonly toolVersion: string;
};

const sha256 = (digest: Digest): { sha256: string } => ({ sha256: digest.slice('sha256:'.length) });

const byJson = <T>(items: readonly T[]): T[] =>
  [...new Map(items.map((item) => [JSON.stringify(item), item]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);

/** Objects with their keys in order: who fills in parameters need not care. */
const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
};

/** Images and packages of an SBOM whose digests are known, as inputs. */
export const inputsOf = (sbom: Sbom): BuildInput[] => {
  const { components, packages } = listPackages(sbom);
  return [
    ...components.flatMap(({ ref, purl, digest }) =>
      digest === undefined ? [] : [{ ...(purl === undefined ? {} : { uri: purl }), name: ref, digest }],
    ),
    ...packages.flatMap(({ purl, name, digest }) =>
      digest === undefined ? [] : [{ uri: purl, name, digest }],
    ),
  ];
};

/**
 * How outputs were made, as an in-toto statement with a SLSA provenance. There are no times in it, and the invocation
 * is named by its content, so that a build that is run again says the same. It is not signed here.
 *
 * @see https://slsa.dev/spec/v1.0/provenance and https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 */
export const makeProvenance = (input: ProvenanceInput): string => {
  const file = ({ name, digest }: NamedDigest) => ({ name, digest: sha256(digest) });
  const buildDefinition = {
    buildType: BUILD_TYPE,
    externalParameters: {
      arch: input.arch,
      formats: [...input.formats].sort(),
      imageFiles: input.imageFiles.map(file),
      ...(input.classFile === undefined ? {} : { classFile: file(input.classFile) }),
      ...(input.lock === undefined ? {} : { lock: file(input.lock) }),
      ...(input.parameters === undefined ? {} : { parameters: ordered(input.parameters) }),
    },
    internalParameters: ordered(input.internalParameters ?? {}),
    resolvedDependencies: byJson(
      [
        ...input.inputs,
        ...input.imageFiles,
        ...[input.classFile, input.lock].filter((named) => named !== undefined),
      ].map((one: BuildInput) => ({
        ...(one.uri === undefined ? {} : { uri: one.uri }),
        ...(one.name === undefined ? {} : { name: one.name }),
        digest: sha256(one.digest),
      })),
    ),
  };
  const builder = {
    id: input.builder?.id ?? LOCAL_BUILDER,
    version: { slipway: input.toolVersion },
  };
  const invocation = JSON.stringify([buildDefinition, builder]);
  const statement = {
    _type: STATEMENT_TYPE,
    subject: byJson(input.outputs.map(file)),
    predicateType: PROVENANCE_TYPE,
    predicate: {
      buildDefinition,
      runDetails: {
        builder,
        metadata: {
          invocationId: `urn:uuid:${uuidOf(`build ${invocation}`)}`,
          // Names of our own begin with ours, as the specification asks.
          ...(input.run === undefined
            ? {}
            : { slipway_worker: input.run.worker, slipway_attempt: input.run.attempt }),
        },
      },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
};
