import type { Digest } from '@slipway/protocol';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readStored } from '../blobs.ts';
import { digestOf, hexOf } from '../digest.ts';
import { parseDocument } from '../document.ts';
import { blobFolder } from './blob-store.ts';
import { forgetRef, listRefs } from './refs.ts';

/** A transfer that has written nothing for so long is one of a process that is gone. */
const STALE_MS = 24 * 60 * 60 * 1000;

export type PruneOptions = {
  /** indexes, manifests or blobs that stay, with all that they list */
  readonly keep?: Iterable<Digest> | undefined;
  /** only what was last used before; absent: everything */
  readonly olderThan?: Date | undefined;
  readonly now?: Date | undefined;
};

export type PruneResult = { readonly removed: number; readonly freedBytes: number; readonly kept: number };

const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** The hex digits of all that documents list, as far as they are in the cache. */
const reachable = async (folder: string, roots: Iterable<Digest>): Promise<ReadonlySet<string>> => {
  const seen = new Set<string>();
  const pending: Digest[] = [...roots];
  for (let digest = pending.pop(); digest !== undefined; digest = pending.pop()) {
    const hex = hexOf(digest);
    if (seen.has(hex)) continue;
    seen.add(hex);
    const file = join(folder, hex);
    const info = await stat(file).catch(() => undefined);
    if (info === undefined || info.size > MAX_DOCUMENT_BYTES) continue;
    const bytes = await readStored({ file, offset: 0, size: info.size });
    if (digestOf(bytes) !== digest) continue;
    try {
      const document = parseDocument(bytes, digest, 'blob');
      if (document.kind === 'index') pending.push(...document.index.manifests.map(({ digest }) => digest));
      else
        pending.push(...[document.manifest.config, ...document.manifest.layers].map(({ digest }) => digest));
    } catch {
      // A config or a layer lists nothing.
    }
  }
  return seen;
};

/**
 * Removes blobs, unpacked copies of archives, and what tags pointed at if that is gone. Safe while builds run: what one
 * has open it can read to the end, and what it then lacks it fetches again.
 */
export const pruneBlobs = async (cacheDir: string, options: PruneOptions = {}): Promise<PruneResult> => {
  const { keep = [], olderThan, now = new Date() } = options;
  const folder = blobFolder(cacheDir);
  const kept = await reachable(folder, keep);
  const result = { removed: 0, freedBytes: 0, kept: 0 };
  for (const place of [folder, join(cacheDir, 'archives')])
    for (const name of await readdir(place).catch((): string[] => [])) {
      const path = join(place, name);
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) continue;
      const temporary = name.endsWith('.tmp');
      const before = temporary ? new Date(now.getTime() - STALE_MS) : olderThan;
      if (kept.has(name) || (before !== undefined && info.mtime >= before)) {
        if (!temporary) result.kept++;
        continue;
      }
      await rm(path, { force: true });
      result.removed++;
      result.freedBytes += info.size;
    }
  for (const { ref, digest } of await listRefs(cacheDir))
    if ((await stat(join(folder, hexOf(digest))).catch(() => undefined)) === undefined)
      await forgetRef(cacheDir, ref);
  return result;
};
