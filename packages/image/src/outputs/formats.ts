import {
  archiveOrder,
  tarPieces,
  type Content,
  type Piece,
  type Tree,
  type TreeEntry,
} from '@slipway/components';
import { SlipwayError, type Arch, type Digest } from '@slipway/protocol';
import { join } from 'node:path';
import { GENERATED_MTIME } from '../linuxkit/generated.ts';
import { bootFiles, requireBootKernel } from './boot-files.ts';
import { dockerArchive, ociArchive } from './docker-image.ts';
import { initrdPieces } from './initrd.ts';
import type { Staging } from './staging.ts';
import { writePieces, writeUnhashed } from './write-file.ts';

/** Formats of `slipway build`, named as LinuxKit names them. */
export const FORMATS = ['tar', 'kernel+initrd', 'tar-kernel-initrd', 'docker', 'oci'] as const;
export type Format = (typeof FORMATS)[number];

/** @throws {SlipwayError} OUTPUT_UNSUPPORTED, with the formats there are */
export const parseFormat = (text: string): Format => {
  const found = FORMATS.find((format) => format === text);
  if (found !== undefined) return found;
  throw new SlipwayError(
    'OUTPUT_UNSUPPORTED',
    `expected a format out of ${FORMATS.join(', ')}, found ${JSON.stringify(text)}`,
    { details: { format: text, allowed: FORMATS } },
  );
};

export type OutputFile = {
  readonly format: Format;
  /** below the output folder */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** absent if nobody asked for it */
  readonly digest?: Digest;
};

export type OutputInput = {
  readonly tree: Tree;
  readonly arch: Arch;
  /** of the outputs, without suffix */
  readonly name: string;
  readonly cacheDir: string;
  readonly staging: Staging;
  /** whether outputs are hashed while they are written; default true */
  readonly digests?: boolean | undefined;
};

const archived = (path: string, content: Content | undefined): TreeEntry[] =>
  content === undefined
    ? []
    : [
        {
          path,
          type: 'file',
          mode: 0o644,
          uid: 0,
          gid: 0,
          mtime: GENERATED_MTIME,
          source: 'slipway',
          content,
        },
      ];

/** Writes an output into the staging folder under the name it will have. */
const write = async (
  { staging, name, digests = true }: OutputInput,
  format: Format,
  suffix: string,
  pieces: Iterable<Piece>,
): Promise<OutputFile> => {
  const file = `${name}${suffix}`;
  const temporary = join(staging.folder, file);
  const written = digests
    ? await writePieces(temporary, pieces)
    : { size: await writeUnhashed(temporary, pieces) };
  staging.add(temporary, file);
  return { format, name: file, ...written };
};

const kernelInitrd = async (input: OutputInput): Promise<OutputFile[]> => {
  const boot = bootFiles(input.tree);
  const kernel = requireBootKernel(boot, 'kernel+initrd');
  const files = [
    await write(input, 'kernel+initrd', '-kernel', [kernel]),
    await write(
      input,
      'kernel+initrd',
      '-initrd.img',
      await initrdPieces(input.tree, boot.ucode, input.cacheDir),
    ),
  ];
  if (boot.cmdline !== undefined) files.push(await write(input, 'kernel+initrd', '-cmdline', [boot.cmdline]));
  return files;
};

const tarKernelInitrd = async (input: OutputInput): Promise<OutputFile[]> => {
  const boot = bootFiles(input.tree);
  const kernel = requireBootKernel(boot, 'tar-kernel-initrd');
  const file = join(input.staging.folder, 'initrd.img');
  const size = await writeUnhashed(file, await initrdPieces(input.tree, undefined, input.cacheDir));
  return [
    await write(
      input,
      'tar-kernel-initrd',
      '-initrd.tar',
      tarPieces([
        ...archived('kernel', kernel),
        ...archived('initrd.img', { file, offset: 0, size }),
        ...archived('cmdline', boot.cmdline),
        ...archived('ucode.cpio', boot.ucode),
      ]),
    ),
  ];
};

/**
 * Writes one format of an image into the staging folder.
 *
 * @throws {SlipwayError} OUTPUT_UNSUPPORTED
 */
export const writeFormat = async (format: Format, input: OutputInput): Promise<OutputFile[]> => {
  const { tree, arch, name, cacheDir, staging } = input;
  const archive = { tree, arch, reference: `${name}:latest`, scratch: staging.folder, cacheDir };
  switch (format) {
    case 'tar':
      return [await write(input, format, '.tar', tarPieces(archiveOrder(tree), { withOrigins: true }))];
    case 'kernel+initrd':
      return await kernelInitrd(input);
    case 'tar-kernel-initrd':
      return await tarKernelInitrd(input);
    case 'docker':
      return [await write(input, format, '.docker.tar', await dockerArchive(archive))];
    case 'oci':
      return [await write(input, format, '.oci.tar', await ociArchive(archive))];
    default:
      return format satisfies never;
  }
};
