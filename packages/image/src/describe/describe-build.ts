import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Component, Tree } from '@slipway/components';
import { formatSpec, type ImageFile, type VariableValues } from '@slipway/image-spec';
import { CONTENTS_NAME, type Arch, type Digest } from '@slipway/protocol';
import {
  inputsOf,
  makeCycloneDx,
  makeNotices,
  makeProvenance,
  makeSpdx,
  type BuildInput,
  type NamedDigest,
} from '@slipway/sbom';
import type { OutputFile } from '../outputs/formats.ts';
import type { Staging } from '../outputs/staging.ts';
import { writePieces } from '../outputs/write-file.ts';
import { TOOL_VERSION } from '../tool-version.ts';
import { describeComponents, makeSbomModel } from './component-sbom.ts';
import { dockerfileInputs, dockerfileParameters } from './dockerfile-facts.ts';
import { makeContents } from './image-contents.ts';
import { sourceFiles } from './source-files.ts';

export type DescribeOptions = {
  /** kinds of lists of contents; with any of them come the notices */
  readonly sbom: readonly ('cyclonedx' | 'spdx')[];
  readonly provenance: boolean;
  /** the list of files, for `slipway why` and `slipway diff` */
  readonly contents: boolean;
  /** image files in the order they were merged */
  readonly imageFiles: readonly NamedDigest[];
  readonly lock?: NamedDigest | undefined;
  /** of the image files, given beside them */
  readonly variables?: VariableValues | undefined;
};

export type DescriptionFile = Omit<OutputFile, 'format' | 'digest'> & {
  readonly digest: Digest;
  readonly format: 'cyclonedx' | 'spdx' | 'notices' | 'contents' | 'provenance';
};

export type DescribeInput = DescribeOptions & {
  readonly name: string;
  readonly arch: Arch;
  readonly spec: ImageFile;
  readonly decompressKernel: boolean;
  readonly components: readonly Component[];
  readonly tree: Tree;
  readonly files: readonly OutputFile[];
  readonly cacheDir: string;
  readonly staging: Staging;
  readonly log: (line: string) => void;
};

/** The time of the newest file: the same whenever the image is the same. */
const newest = (tree: Tree): number => {
  let time = 0;
  for (const { mtime } of tree.values()) if (mtime > time) time = mtime;
  return time;
};

/** An image that nobody gave a version is told from others by its outputs. */
const versionOf = (outputs: readonly NamedDigest[]): string =>
  createHash('sha256')
    .update(
      outputs
        .map(({ name, digest }) => `${digest} ${name}\n`)
        .sort()
        .join(''),
    )
    .digest('hex')
    .slice(0, 12);

/** What an image file names, and what that was made from; an image itself is named by its reference alone. */
const distinctInputs = (named: readonly BuildInput[], components: readonly Component[]): BuildInput[] => {
  const known = new Set(named.map(({ uri, digest }) => `${uri ?? ''} ${digest}`));
  const origins = components.flatMap((component) =>
    component.origins.map(({ purl, name, digest }) => ({ uri: purl, name, digest })),
  );
  return [...named, ...origins.filter(({ uri, digest }) => !known.has(`${uri} ${digest}`))];
};

/** What was chosen beside the image files. */
const parametersOf = ({ decompressKernel, variables = {} }: DescribeInput) => {
  const isGiven = Object.keys(variables).length > 0;
  if (!decompressKernel && !isGiven) return {};
  return {
    parameters: { ...(decompressKernel ? { decompressKernel } : {}), ...(isGiven ? { variables } : {}) },
  };
};

/** Writes what describes an image beside its outputs, into the staging folder. */
export const describeBuild = async (input: DescribeInput): Promise<DescriptionFile[]> => {
  const { name, arch, staging, files } = input;
  const outputs = files.flatMap(({ name: file, digest }) =>
    digest === undefined ? [] : [{ name: file, digest }],
  );
  const written: DescriptionFile[] = [];
  const write = async (
    format: DescriptionFile['format'],
    suffix: string,
    content: string | Uint8Array,
  ): Promise<void> => {
    const file = `${name}${suffix}`;
    const temporary = join(staging.folder, file);
    const result = await writePieces(temporary, [
      typeof content === 'string' ? Buffer.from(content) : content,
    ]);
    staging.add(temporary, file);
    written.push({ format, name: file, ...result });
  };
  if (input.contents)
    await write(
      'contents',
      `.${CONTENTS_NAME}`,
      makeContents(input.tree, input.components, formatSpec(input.spec, 'yaml')),
    );
  if (input.sbom.length === 0 && !input.provenance) return written;
  const described = await describeComponents(input.components, input.cacheDir, input.log);
  const version = versionOf(outputs);
  const sbom = makeSbomModel({ name, version, arch }, newest(input.tree), TOOL_VERSION, described);
  if (input.sbom.includes('cyclonedx')) await write('cyclonedx', '.cdx.json', makeCycloneDx(sbom));
  if (input.sbom.includes('spdx')) await write('spdx', '.spdx.json', makeSpdx(sbom));
  if (input.sbom.length > 0) await write('notices', '.notices.txt', makeNotices(described.notices));
  if (input.provenance)
    await write(
      'provenance',
      '.provenance.json',
      makeProvenance({
        outputs: [...outputs, ...written.map(({ name: file, digest }) => ({ name: file, digest }))],
        arch,
        formats: [...new Set(files.map(({ format }) => format))],
        imageFiles: input.imageFiles,
        ...(input.lock === undefined ? {} : { lock: input.lock }),
        ...parametersOf(input),
        internalParameters: dockerfileParameters(input.components),
        inputs: [
          ...distinctInputs(inputsOf(sbom), input.components),
          ...dockerfileInputs(input.components),
          ...sourceFiles(input.spec, input.tree),
        ],
        toolVersion: TOOL_VERSION,
      }),
    );
  return written;
};
