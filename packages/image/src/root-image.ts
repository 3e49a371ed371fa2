import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { markUsed, writeAtomically, type Content, type TreeEntry } from '@slipway/components';
import { Digest, messageOf, RootHash } from '@slipway/protocol';
import { z } from 'zod';
import { digestFile } from './digest-file.ts';
import { writeErofs } from './erofs.ts';
import { appendVerity, type VerityImage } from './verity.ts';

/** Changes whenever the same entries would give other bytes. */
const VERSION = 'slipway root 1';

/** What stands beside a root in the cache, and is written after it. */
const Kept = z.strictObject({ digest: Digest, rootHash: RootHash, dataBlocks: z.int().min(1) });

/** Layers are named by what they hold; everything else is looked at. */
const nameOf = (content: Content, layersDir: string, digestOf: (content: Content) => string): string =>
  !(content instanceof Uint8Array) && content.file.startsWith(layersDir)
    ? JSON.stringify([
        content.file.slice(layersDir.length),
        content.offset,
        content.size,
        content.extents ?? null,
      ])
    : digestOf(content);

const plain = (entry: TreeEntry, content: string | undefined): unknown => {
  const { path, type, mode, uid, gid, mtime, xattrs } = entry;
  return [
    [path, type, mode, uid, gid, mtime, content ?? null],
    'target' in entry ? entry.target : null,
    'major' in entry ? [entry.major, entry.minor] : null,
    [...(xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ];
};

/** Every change gives a class another root, and only the very same build finds one again. */
const removeOthers = async (base: string): Promise<void> => {
  const names = (await readdir(dirname(base))).filter(
    (name) => !name.startsWith(basename(base)) && !name.endsWith('.tmp'),
  );
  // What tells of a root goes before it.
  for (const name of names.sort().reverse()) await rm(join(dirname(base), name), { force: true });
};

/** In place of the root that the class had before. */
const keep = async (
  base: string,
  image: string,
  { digest, rootHash, dataBlocks }: VerityImage,
): Promise<void> => {
  await mkdir(dirname(base), { recursive: true });
  const temporary = `${base}.${process.pid}.${randomUUID()}.tmp`;
  try {
    await copyFile(image, temporary, constants.COPYFILE_FICLONE);
    await rename(temporary, `${base}.img`);
    await writeAtomically(`${base}.json`, JSON.stringify({ digest, rootHash, dataBlocks }));
    await removeOthers(base);
  } finally {
    await rm(temporary, { force: true });
  }
};

const readKept = async (path: string) => {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : Kept.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** @returns undefined if it is not there, or not as it was kept */
const take = async (base: string, image: string): Promise<VerityImage | undefined> => {
  const kept = await readKept(`${base}.json`);
  if (kept === undefined) return undefined;
  try {
    await copyFile(`${base}.img`, image, constants.COPYFILE_FICLONE);
  } catch {
    return undefined;
  }
  if ((await digestFile(image)) !== kept.digest) return undefined;
  await markUsed(`${base}.json`);
  return { ...kept, size: (await stat(image)).size };
};

/**
 * Writes the root of a slot: erofs and behind it the dm-verity tree. A root of the same entries that was written before,
 * in the last build of the class, comes out of the cache.
 *
 * @param entries as `writeErofs` takes them
 * @throws {SlipwayError} TOOL_MISSING, TOOL_FAILED
 */
export const writeRootImage = async (
  entries: readonly TreeEntry[],
  options: {
    readonly image: string;
    readonly uuid: string;
    readonly seconds: number;
    /** where it is kept, and what writes it; absent: no other build makes the same */
    readonly kept:
      | {
          readonly cacheDir: string;
          readonly program: string;
          /** of these only the last one is kept */
          readonly deviceClass: string;
          /** told where it cannot be kept, which the build does without */
          readonly log: (line: string) => void;
        }
      | undefined;
    readonly digestOf: (content: Content) => string;
  },
): Promise<VerityImage> => {
  const { image, uuid, seconds, kept, digestOf } = options;
  const make = async (): Promise<VerityImage> => {
    await rm(image, { force: true });
    await writeErofs(entries, { image, uuid, seconds });
    return appendVerity(image);
  };
  if (kept === undefined) return make();
  const layersDir = join(kept.cacheDir, 'layers') + sep;
  const key = createHash('sha256').update(JSON.stringify([VERSION, kept.program, uuid, seconds]));
  for (const entry of entries) {
    const content = entry.type === 'file' ? nameOf(entry.content, layersDir, digestOf) : undefined;
    key.update(`${JSON.stringify(plain(entry, content))}\n`);
  }
  const name = key.digest('hex');
  const base = join(kept.cacheDir, 'roots', kept.deviceClass, name);
  const known = await take(base, image);
  if (known !== undefined) return known;
  const verity = await make();
  await keep(base, image, verity).catch((error: unknown) =>
    kept.log(`warning: the root is not kept in the cache: ${messageOf(error)}`),
  );
  return verity;
};
