import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Digest, SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import { readContent, type Content } from '../content.ts';
import { chunksOf, type Piece } from '../pieces.ts';
import { IMPORTED, linkLists, placeLists, ROOT_NAME } from '../debian/imported-lists.ts';
import { takeResult } from '../dockerfile/result-store.ts';
import { isAbandoned, ownerName } from '../process-owner.ts';
import { createTarParser } from '../tar-parser.ts';
import { storedContent } from '../tar-reader.ts';
import { tarPieces } from '../tar-writer.ts';
import type { TreeEntry } from '../tree.ts';
import { CACHE_KINDS, listCache, type CacheKind } from './items.ts';

/**
 * A cache as one file: a tar whose first entry lists all others with their digests.
 *
 * Of lists of packages the archive's own files are in it, with their signatures; what apt has made of them is bound to
 * where it lies. Compiled code stays behind, which is of one version of Node, and so do roots, which are large and quickly
 * made of what is there.
 */
const LEFT_OUT: readonly CacheKind[] = ['apt', 'node', 'roots'];
/** Files written before may hold roots. */
const TAKEN = Object.keys(CACHE_KINDS).filter((kind) => kind !== 'apt' && kind !== 'node');

const INDEX = 'slipway-cache.json';
const MAX_INDEX_BYTES = 256 * 1024 * 1024;
/** Hidden names and those of half-written files are none. */
const NAME = '[A-Za-z0-9_@+=~%:,-][A-Za-z0-9._@+=~%:,-]*';
/** A file of the cache. */
const PATH = new RegExp(
  `^(?:(?:${TAKEN.join('|')})(?:/${NAME})+|apt/${ROOT_NAME.source.slice(1, -1)}/${IMPORTED}/${NAME})$`,
);

/** What a Dockerfile gave is of use as a whole. */
const LAYOUT = /^dockerfile\/([^/]+)\//;
/** So are the lists of an apt root. */
const LISTS = /^apt\/([^/]+)\//;

const Index = z.strictObject({
  v: z.literal(1),
  files: z.array(z.strictObject({ path: z.string().regex(PATH), size: z.int().min(0), digest: Digest })),
});
type Index = z.infer<typeof Index>;

const digestOf = (content: Content): Digest => {
  const hash = createHash('sha256');
  for (const chunk of chunksOf([content], { reuse: true })) hash.update(chunk);
  return Digest.parse(`sha256:${hash.digest('hex')}`);
};

const fileEntry = (path: string, content: Content): TreeEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  source: 'cache',
  content,
});

const writeChunks = async (path: string, pieces: Iterable<Piece>): Promise<void> => {
  await using file = await open(path, 'wx');
  for (const chunk of chunksOf(pieces, { reuse: true })) await file.writeFile(chunk);
};

export type CacheArchive = { readonly files: number; readonly bytes: number };

const sumOf = ({ files }: Index): CacheArchive => ({
  files: files.length,
  bytes: files.reduce((sum, { size }) => sum + size, 0),
});

const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();

/** A file, or all below a folder; `index.json` of an OCI layout comes after the blobs that it lists. */
const filesOf = async (path: string): Promise<string[]> => {
  const info = await stat(path).catch(() => undefined);
  return info?.isDirectory() === true ? filesBelow(path) : [path];
};

/** Of exports and imports that were killed. */
const removeAbandoned = async (cacheDir: string): Promise<void> => {
  for (const name of await readdir(cacheDir).catch((): string[] => [])) {
    const owner = /^(?:ex|im)port-(\d+-.*)\.tmp$/.exec(name)?.[1];
    const path = join(cacheDir, name);
    if (owner !== undefined && (await isAbandoned(path, owner)))
      await rm(path, { recursive: true, force: true });
  }
};

/** Writes what is in a cache into one file, which appears when it is whole. */
export const exportCache = async (cacheDir: string, target: string): Promise<CacheArchive> => {
  const items = (await listCache(cacheDir)).filter(
    ({ kind, temporary }) => !temporary && !LEFT_OUT.includes(kind),
  );
  const entries: TreeEntry[] = [];
  const files: Index['files'] = [];
  const paths = items.flatMap((item) => [...item.paths].sort());
  const add = async (base: string, absolute: string): Promise<void> => {
    const path = relative(base, absolute);
    const info = await stat(absolute).catch(() => undefined);
    // What is gone by now is no part of it.
    if (info === undefined || !PATH.test(path)) return;
    const content = { file: absolute, offset: 0, size: info.size };
    files.push({ path, size: info.size, digest: digestOf(content) });
    entries.push(fileEntry(path, content));
  };
  await removeAbandoned(cacheDir);
  const links = join(cacheDir, `export-${await ownerName()}-${randomUUID()}.tmp`);
  const temporary = `${target}.${process.pid}.${randomUUID()}.tmp`;
  const index: Index = { v: 1, files };
  try {
    for (const absolute of (await Promise.all(paths.map(filesOf))).flat()) await add(cacheDir, absolute);
    await linkLists(cacheDir, links);
    for (const absolute of await filesBelow(links)) await add(links, absolute);
    const first = fileEntry(INDEX, Buffer.from(JSON.stringify(index)));
    await writeChunks(temporary, tarPieces([first, ...entries]));
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
    await rm(links, { recursive: true, force: true });
  }
  return sumOf(index);
};

const damaged = (file: string, why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'CACHE_ARCHIVE_INVALID',
    `${file}: ${why}; nothing of it was taken. Export the cache again, and copy the file anew.`,
    { cause, details: { file } },
  );

const entriesOf = async (file: string): Promise<Map<string, Content>> => {
  const found = new Map<string, Content>();
  const parser = createTarParser(file, ({ name, type }, data) => {
    if (type !== 'file' || found.has(name))
      throw damaged(file, `expected each file once, found ${name} again or as a ${type}`);
    found.set(name, storedContent(file, data));
  });
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>)
    parser.push(chunk);
  parser.end();
  return found;
};

const readIndex = (file: string, entries: ReadonlyMap<string, Content>): Index => {
  const content = entries.get(INDEX);
  if (content === undefined)
    throw damaged(file, `expected ${INDEX} in it, as slipway cache export writes it`);
  if (!(content instanceof Uint8Array) && content.size > MAX_INDEX_BYTES)
    throw damaged(file, 'expected a list of at most 256 MiB');
  let index: Index;
  try {
    index = Index.parse(JSON.parse(new TextDecoder().decode(readContent(content))));
  } catch (error) {
    throw damaged(file, `expected a list of files of a cache in ${INDEX}`, error);
  }
  if (index.files.length !== entries.size - 1)
    throw damaged(file, `expected ${index.files.length} files, found ${entries.size - 1}`);
  return index;
};

const putFile = async (cacheDir: string, staging: string, path: string): Promise<void> => {
  const place = join(cacheDir, path);
  if ((await stat(place).catch(() => undefined)) !== undefined) return;
  await mkdir(dirname(place), { recursive: true });
  await rename(join(staging, path), place);
};

/**
 * Takes over what is in the file of an export. Every file is compared with its digest before the first one gets its
 * place; what is in the cache already stays as it is.
 *
 * @throws {SlipwayError} CACHE_ARCHIVE_INVALID
 */
export const importCache = async (cacheDir: string, file: string): Promise<CacheArchive> => {
  let entries: Map<string, Content>;
  try {
    entries = await entriesOf(file);
  } catch (error) {
    if (error instanceof SlipwayError && error.code !== 'CACHE_ARCHIVE_INVALID')
      throw damaged(file, 'expected a tar', error);
    throw error;
  }
  const index = readIndex(file, entries);
  await removeAbandoned(cacheDir);
  const staging = join(cacheDir, `import-${await ownerName()}-${randomUUID()}.tmp`);
  try {
    for (const { path, size, digest } of index.files) {
      const content = entries.get(path);
      if (content === undefined) throw damaged(file, `expected ${path} in it`);
      await mkdir(dirname(join(staging, path)), { recursive: true });
      await writeChunks(join(staging, path), [content]);
      const written = { file: join(staging, path), offset: 0, size };
      const found = (await stat(written.file)).size === size ? digestOf(written) : undefined;
      if (found !== digest) throw damaged(file, `${path}: expected ${digest}, found other bytes`);
    }
    const now = new Date();
    const layouts = new Set<string>();
    const lists = new Set<string>();
    for (const { path } of index.files) {
      await utimes(join(staging, path), now, now);
      const layout = LAYOUT.exec(path)?.[1];
      const root = LISTS.exec(path)?.[1];
      if (layout !== undefined) layouts.add(layout);
      else if (root !== undefined) lists.add(root);
      else await putFile(cacheDir, staging, path);
    }
    for (const key of layouts) await takeResult(cacheDir, key, join(staging, 'dockerfile', key));
    for (const root of lists) await placeLists(cacheDir, root, staging);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return sumOf(index);
};
