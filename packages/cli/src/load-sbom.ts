import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  BUNDLE_ORDER,
  MANIFEST_NAME,
  messageOf,
  ROOT_NAME,
  SBOM_NAME,
  SlipwayError,
} from '@slipway/protocol';
import type { Sbom } from '@slipway/sbom';
import { beside, stem } from './beside.ts';
import type { Context } from './context.ts';
import { readNotices } from './read-notices.ts';

/** Bytes; the list of an image with ten thousand packages has a tenth of it. */
const MAX_SBOM_BYTES = 256 * 1024 * 1024;
/** of `sbom.cdx.json`, the name it has beside `root.img` in the store of a server */
const SBOM_STEM = 'sbom';
const MAX_NOTICES_BYTES = 256 * 1024 * 1024;

const DOCUMENT = /(?:^|\.)(?:cdx|spdx)\.json$/;
/** `edge.notices.txt`, as builds write it, and what others call it. */
const NOTICES = /(?:^|[.-])notices(?:\.txt)?$/i;

export type LoadedSbom = {
  /** the document, as people would name it */
  readonly from: string;
  readonly sbom: Sbom;
  /** the third-party notices that lie beside it or in the root image of the release; nothing where there are none */
  readonly notices: () => Promise<string | undefined>;
};

type Where = Pick<Context, 'cwd' | 'env'>;

const notFound = (path: string, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError('NOT_FOUND', `${path}: ${why}`, { cause });

const parse = async (from: string, bytes: Uint8Array): Promise<Sbom> => {
  const { parseSbom } = await import('@slipway/sbom');
  try {
    return parseSbom(bytes);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw new SlipwayError(error.code, `${from}: ${error.message}`, { cause: error });
  }
};

const checkSize = (path: string, size: number, max: number): void => {
  if (size > max)
    throw new SlipwayError('SBOM_INVALID', `${path}: expected at most ${max} bytes, found ${size}`);
};

const readDocument = async (path: string): Promise<Sbom> => {
  checkSize(path, (await stat(path)).size, MAX_SBOM_BYTES);
  return parse(path, await readFile(path));
};

/** The list of a bundle, which is not verified here: `slipway bundle verify` does that. */
const readBundle = async (where: Where, name: string, file: FileHandle): Promise<LoadedSbom> => {
  const { expectEntry, readFully, TAR_BLOCK_BYTES, tarPadding } = await import('@slipway/bundle');
  const from = `${name}: ${SBOM_NAME}`;
  let [position, rootOffset] = [0, 0];
  for (const entry of BUNDLE_ORDER) {
    const size = expectEntry(await readFully(file, position, TAR_BLOCK_BYTES), entry);
    position += TAR_BLOCK_BYTES;
    if (entry === ROOT_NAME) rootOffset = position;
    if (entry === SBOM_NAME) {
      checkSize(from, size, MAX_SBOM_BYTES);
      const root = { path: resolve(where.cwd, name), offset: rootOffset };
      return {
        from,
        sbom: await parse(from, await readFully(file, position, size)),
        notices: () => readNotices(where, root),
      };
    }
    position += size + tarPadding(size);
  }
  throw notFound(name, `expected ${SBOM_NAME} in the bundle`);
};

/** As `beside`; of CycloneDX and SPDX, which say the same, CycloneDX is read. */
const pick = (names: readonly string[], pattern: RegExp, output: string | undefined): string[] => {
  const found = beside(names, pattern, output);
  const cyclonedx = found.filter((name) => name.endsWith('cdx.json'));
  return cyclonedx.length > 0 ? cyclonedx : found;
};

/** The notices that a build left beside its outputs, else those in the root image that a server built. */
const noticesBeside = async (
  where: Where,
  folder: string,
  names: readonly string[],
  output: string,
): Promise<string | undefined> => {
  const [name, another] = pick(names, NOTICES, output);
  if (name === undefined && names.includes(ROOT_NAME) && output === SBOM_STEM)
    return readNotices(where, { path: join(folder, ROOT_NAME), offset: 0 });
  if (name === undefined || another !== undefined) return undefined;
  const path = join(folder, name);
  checkSize(path, (await stat(path)).size, MAX_NOTICES_BYTES);
  return readFile(path, 'utf8');
};

const readBeside = async (where: Where, folder: string, output: string | undefined): Promise<LoadedSbom> => {
  const names = await readdir(folder);
  const [name, another] = pick(names, DOCUMENT, output);
  if (name === undefined) {
    throw notFound(
      output === undefined ? folder : join(folder, output),
      `expected ${SBOM_NAME} or another *.cdx.json or *.spdx.json ${output === undefined ? 'in the folder' : 'beside it'}, found none`,
    );
  }
  if (another !== undefined) {
    throw new SlipwayError(
      'USAGE',
      `${folder}: expected one list of contents, found ${name} and ${another}; name the file`,
    );
  }
  const from = join(folder, name);
  return {
    from,
    sbom: await readDocument(from),
    notices: () => noticesBeside(where, folder, names, output ?? stem(name, DOCUMENT)),
  };
};

/**
 * The list of what is in an image: of a CycloneDX or SPDX file, a bundle, a folder with the outputs of a build, or one
 * of these outputs.
 *
 * @throws {SlipwayError} NOT_FOUND, SBOM_INVALID, USAGE where several lists could be meant, BUNDLE_MALFORMED
 */
export const loadSbom = async (where: Where, name: string): Promise<LoadedSbom> => {
  const path = resolve(where.cwd, name);
  const found = await stat(path).catch((cause: unknown) => {
    throw notFound(name, `cannot be read: ${messageOf(cause)}`, cause);
  });
  if (found.isDirectory()) return await readBeside(where, path, undefined);
  // Whatever is still to come is awaited here: the file is closed behind it.
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
  const head = buffer.subarray(0, bytesRead);
  if (
    head.toString('latin1', 257, 262) === 'ustar' &&
    head.toString('latin1', 0, 14) === `${MANIFEST_NAME}\0`
  )
    return await readBundle(where, name, file);
  if (path.endsWith('.json') || /^(?:\u00ef\u00bb\u00bf)?\s*\{/.test(head.toString('latin1'))) {
    checkSize(name, found.size, MAX_SBOM_BYTES);
    const sbom = await parse(name, await readFile(path));
    const names = await readdir(dirname(path));
    const output = stem(basename(path), DOCUMENT);
    return { from: name, sbom, notices: () => noticesBeside(where, dirname(path), names, output) };
  }
  return await readBeside(where, dirname(path), basename(path));
};
