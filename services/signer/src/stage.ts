import { createHash } from 'node:crypto';
import { constants, type PathLike } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { chunksOf, FileDigester, type FileDigest, readFully } from '@slipway/bundle';
import { type BuildResult, CHUNK_BYTES, SlipwayError } from '@slipway/protocol';

/**
 * How the signer reads what a builder wrote. The builder may be an attacker: it may put a link to the signer's keys
 * where a file should be, a pipe that never ends, or change bytes after they were checked. So files are opened once,
 * without following links, and what is checked is a copy of our own.
 */
export type Declared = BuildResult['artifacts'][number];

const mismatch = (name: string, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SIGN_INPUT_MISMATCH',
    `${name}: ${why}. Treat the builder as compromised until explained; build again.`,
    { cause, details: { file: name } },
  );

const openPlain = async (path: PathLike, name: string): Promise<FileHandle> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      throw mismatch(name, 'expected a regular file that can be read', error);
    },
  );
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw mismatch(name, 'expected a regular file');
};

/** @throws {SlipwayError} SIGN_INPUT_MISMATCH */
export const readPlain = async (path: string, name: string, limit: number): Promise<Uint8Array> => {
  await using file = await openPlain(path, name);
  const bytes = await readFully(file, 0, limit + 1);
  if (bytes.length > limit) throw mismatch(name, `expected at most ${limit} bytes`);
  return bytes;
};

/** The bytes of a stored file; throws where they are not as many as were declared. */
async function* declaredChunks(path: string, declared: Declared): AsyncGenerator<Uint8Array> {
  await using source = await openPlain(path, declared.name);
  const { size } = await source.stat();
  if (size !== declared.size)
    throw mismatch(declared.name, `declared as ${declared.size} bytes, found ${size}`);
  let read = 0;
  for await (const chunk of chunksOf(source, 0, size)) {
    read += chunk.length;
    yield chunk;
  }
  if (read !== size) throw mismatch(declared.name, `declared as ${size} bytes, read ${read}`);
}

const compareDigest = (declared: Declared, found: string): void => {
  if (found !== declared.digest)
    throw mismatch(declared.name, `declared as ${declared.digest}, found ${found}`);
};

/**
 * Compares a stored file with what was declared of it.
 *
 * @throws {SlipwayError} SIGN_INPUT_MISMATCH
 */
export const compareArtifact = async (path: string, declared: Declared): Promise<void> => {
  const hash = createHash('sha256');
  for await (const chunk of declaredChunks(path, declared)) hash.update(chunk);
  compareDigest(declared, `sha256:${hash.digest('hex')}`);
};

/**
 * Copies a stored file while comparing it with what was declared of it.
 *
 * @returns what the manifest says of the copy
 * @throws {SlipwayError} SIGN_INPUT_MISMATCH
 */
export const stageArtifact = async (path: string, declared: Declared, copy: string): Promise<FileDigest> => {
  await using target = await open(copy, 'wx', 0o600);
  const digester = new FileDigester();
  for await (const chunk of declaredChunks(path, declared)) {
    digester.update(chunk);
    await target.writeFile(chunk);
  }
  const found = digester.finish();
  compareDigest(declared, found.digest);
  return found;
};

const ZEROES = Buffer.alloc(CHUNK_BYTES);

/**
 * Copies a stored file that is mostly zero, such as a disk, while comparing it with what was declared of it; the copy
 * has holes where it is zero.
 *
 * @throws {SlipwayError} SIGN_INPUT_MISMATCH
 */
export const copyArtifact = async (path: string, declared: Declared, copy: string): Promise<void> => {
  await using target = await open(copy, 'wx', 0o644);
  const hash = createHash('sha256');
  let at = 0;
  for await (const chunk of declaredChunks(path, declared)) {
    hash.update(chunk);
    if (!ZEROES.subarray(0, chunk.length).equals(chunk)) await target.write(chunk, 0, chunk.length, at);
    at += chunk.length;
  }
  await target.truncate(at);
  compareDigest(declared, `sha256:${hash.digest('hex')}`);
};
