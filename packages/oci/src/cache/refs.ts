import { Digest } from '@slipway/protocol';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What a tag of a registry pointed at when it was last asked. */
const SeenRef = z.object({ v: z.literal(1), ref: z.string(), digest: Digest, size: z.int().min(0) });
type SeenRef = z.infer<typeof SeenRef>;

const refFolder = (cacheDir: string): string => join(cacheDir, 'refs');
/** References are longer than file names may be, and hold slashes. */
const pathOf = (cacheDir: string, ref: string): string =>
  join(refFolder(cacheDir), `${createHash('sha256').update(ref).digest('hex')}.json`);

const parse = (text: string): SeenRef | undefined => {
  try {
    return SeenRef.parse(JSON.parse(text));
  } catch {
    // A memory that cannot be read is none: the registry is asked again.
    return undefined;
  }
};

export const rememberRef = async (cacheDir: string, seen: Omit<SeenRef, 'v'>): Promise<void> => {
  const path = pathOf(cacheDir, seen.ref);
  await mkdir(refFolder(cacheDir), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify({ v: 1, ...seen }));
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
};

export const recallRef = async (cacheDir: string, ref: string): Promise<SeenRef | undefined> => {
  const path = pathOf(cacheDir, ref);
  const seen = parse(await readFile(path, 'utf8').catch(() => ''));
  if (seen?.ref !== ref) return undefined;
  // Pruning goes by the time of last use.
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
  return seen;
};
