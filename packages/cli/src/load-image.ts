import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BuildId, CONTENTS_NAME, messageOf, ReleaseId, SBOM_NAME, SlipwayError } from '@slipway/protocol';
import type { Sbom } from '@slipway/sbom';
import type { Contents } from '@slipway/sbom/contents';
import { beside, stem } from './beside.ts';
import { connect, type Context } from './context.ts';

/** What is known of an image beside its bytes. */
export type LoadedImage = {
  /** as people would name it */
  readonly name: string;
  readonly contents: Contents;
  /** nothing where there is none */
  readonly sbom: () => Promise<Sbom | undefined>;
  /** what a build made, by what names of the same kind have in common; without its descriptions */
  readonly outputs: ReadonlyMap<string, number>;
};

const CONTENTS = /(?:^|\.)contents\.jsonl\.gz$/;
/** Of what describes an image, or what it is made from. */
const DESCRIPTION = /(?:(?:^|\.)contents\.jsonl\.gz|\.(?:json|txt|log|html|ya?ml))$/;
const SBOM = /(?:^|\.)(?:cdx|spdx)\.json$/;

const parse = async (from: string, bytes: Uint8Array): Promise<Contents> => {
  const { readContents } = await import('@slipway/sbom/contents');
  try {
    return readContents(bytes);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw new SlipwayError(error.code, `${from}: ${error.message}`, { cause: error });
  }
};

const notFound = (message: string, cause?: unknown): SlipwayError =>
  new SlipwayError('NOT_FOUND', message, { cause });

/** Files of the image `edge` are `edge.tar`, `edge-kernel`; those of a server's have names of their own. */
const outputsOf = async (
  folder: string,
  names: readonly string[],
  image: string,
): Promise<Map<string, number>> => {
  const outputs = new Map<string, number>();
  for (const name of names) {
    const rest = name.slice(image.length);
    if (!name.startsWith(image) || DESCRIPTION.test(name) || (image !== '' && !/^(?:$|[.-])/.test(rest)))
      continue;
    const info = await stat(join(folder, name));
    if (info.isFile()) outputs.set(image === '' ? name : rest, info.size);
  }
  return outputs;
};

const fromDisk = async (context: Context, name: string): Promise<LoadedImage> => {
  const path = resolve(context.cwd, name);
  const info = await stat(path).catch((cause: unknown) => {
    throw notFound(`${name} cannot be read: ${messageOf(cause)}`, cause);
  });
  const folder = info.isDirectory() ? path : dirname(path);
  const names = await readdir(folder);
  const output = info.isDirectory() ? undefined : basename(path);
  const [found, another] =
    output !== undefined && CONTENTS.test(output) ? [output] : beside(names, CONTENTS, output);
  if (found === undefined)
    throw notFound(
      `${name}: expected the list of its files (NAME.${CONTENTS_NAME}) ${output === undefined ? 'in the folder' : 'beside it'}, found none; slipway build writes it unless --no-contents`,
    );
  if (another !== undefined)
    throw new SlipwayError(
      'USAGE',
      `${name}: expected one list of files, found ${found} and ${another}; name one of them`,
    );
  const image = stem(found, CONTENTS);
  return {
    name,
    contents: await parse(found, await readFile(join(folder, found))),
    sbom: async () => {
      const [document] = beside(names, SBOM, found);
      const { parseSbom } = await import('@slipway/sbom');
      return document === undefined ? undefined : parseSbom(await readFile(join(folder, document)));
    },
    outputs: await outputsOf(folder, names, image),
  };
};

const fromServer = async (context: Context, name: string): Promise<LoadedImage> => {
  const client = await connect(context);
  const release = ReleaseId.safeParse(name);
  const id = release.success ? (await client.releases.get(release.data)).build : name;
  const artifacts = await client.builds.listArtifacts(id);
  const read = async (wanted: string): Promise<Uint8Array | undefined> => {
    const artifact = artifacts.find((one) => one.name === wanted);
    if (artifact === undefined) return undefined;
    const answer = await client.builds.getArtifact(id, wanted, { signal: context.signal });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (found === artifact.digest) return bytes;
    throw new SlipwayError(
      'BUNDLE_DIGEST_MISMATCH',
      `${wanted} of ${id}: expected ${artifact.digest}, received ${found}. Try again; if it recurs, find out who writes into the store.`,
    );
  };
  const bytes = await read(CONTENTS_NAME);
  if (bytes === undefined)
    throw notFound(
      `${name} has no list of its files: it is not built, or was built by a worker of before. Build again.`,
    );
  return {
    name,
    contents: await parse(name, bytes),
    sbom: async () => {
      const document = await read(SBOM_NAME);
      const { parseSbom } = await import('@slipway/sbom');
      return document === undefined ? undefined : parseSbom(document);
    },
    outputs: new Map(
      artifacts.flatMap((one) => (DESCRIPTION.test(one.name) ? [] : [[one.name, one.size] as const])),
    ),
  };
};

/**
 * An image by what a build left of it: an output, the folder of the outputs or the list of files itself on disk; a build
 * (`bld_…`) or a release (`rel_…`) of a server.
 *
 * @throws {SlipwayError} NOT_FOUND, CONTENTS_INVALID, USAGE where several could be meant, those of the server
 */
export const loadImage = async (context: Context, name: string): Promise<LoadedImage> => {
  const isGiven = BuildId.safeParse(name).success || ReleaseId.safeParse(name).success;
  const isHere = await stat(resolve(context.cwd, name)).then(
    () => true,
    () => false,
  );
  return isGiven && !isHere ? fromServer(context, name) : fromDisk(context, name);
};
