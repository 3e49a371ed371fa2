import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { contentSize, readContent, readRange, type Component, type Origin } from '@slipway/components';
import { Digest } from '@slipway/protocol';
import { scanFiles, type FoundPackage, type ScannedFile } from '@slipway/sbom';
import { z } from 'zod';

/** Changes whenever the same image would give other packages. */
const VERSION = 'scan-1';

const Found = z.object({
  type: z.enum(['deb', 'apk', 'npm', 'golang', 'oci', 'generic']),
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  licenses: z.array(z.string()),
  digest: Digest.exactOptional(),
  source: z
    .object({ name: z.string(), version: z.string(), commit: z.string().exactOptional() })
    .exactOptional(),
  supplier: z.string().exactOptional(),
  foundIn: z.string().exactOptional(),
  licenseFiles: z.array(z.string()).exactOptional(),
});

const filesOf = function* ({ tree }: Component): Generator<ScannedFile> {
  for (const entry of tree.values()) {
    if (entry.type !== 'file') continue;
    const { path, content, mode } = entry;
    yield {
      path,
      size: contentSize(content),
      executable: (mode & 0o111) !== 0,
      read: () => readContent(content),
      readRange: (offset, length) => readRange(content, offset, length),
    };
  }
};

const readCached = async (path: string): Promise<FoundPackage[] | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return z.array(Found).parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** What Slipway itself knows about where the files of a component are from. */
const ofOrigin = (origin: Origin): FoundPackage => ({
  type: origin.type,
  name: origin.name,
  version: origin.version,
  purl: origin.purl,
  licenses: origin.licenses ?? [],
  digest: origin.digest,
  ...(origin.source === undefined ? {} : { source: origin.source }),
  ...(origin.type === 'deb' ? { licenseFiles: [`usr/share/doc/${origin.name}/copyright`] } : {}),
});

/**
 * The packages in a component: those it was made of, and those that are found in the files of an image. What was found
 * in an image is kept in the cache, because an image never changes.
 */
export const foundPackages = async (component: Component, cacheDir: string): Promise<FoundPackage[]> => {
  const made = component.origins.filter(({ type }) => type !== 'oci').map(ofOrigin);
  const { digest } = component;
  if (digest === undefined) return made;
  const key = createHash('sha256').update(`${VERSION} ${digest}`).digest('hex');
  const path = join(cacheDir, 'scans', `${key}.json`);
  let found = await readCached(path);
  if (found === undefined) {
    found = [...scanFiles(filesOf(component)).packages];
    const temporary = `${path}.${process.pid}.tmp`;
    await mkdir(dirname(path), { recursive: true });
    try {
      await writeFile(temporary, JSON.stringify(found));
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }
  const known = new Set(made.map(({ purl }) => purl));
  return [...made, ...found.filter(({ purl }) => !known.has(purl))];
};
