import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  contentSize,
  readContent,
  readRange,
  type Component,
  type Origin,
  writeAtomically,
} from '@slipway/components';
import { Digest } from '@slipway/protocol';
import { SCAN_VERSION, scanFiles, type FoundPackage, type ScannedFile, type ScanResult } from '@slipway/sbom';
import { z } from 'zod';

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

const Scan = z.object({
  packages: z.array(Found),
  warnings: z.array(z.object({ path: z.string(), message: z.string() })),
});
type Scan = Pick<ScanResult, 'packages' | 'warnings'>;

const readCached = async (path: string): Promise<Scan | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return Scan.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

const scan = async (component: Component, path: string): Promise<Scan> => {
  const { packages, warnings } = scanFiles(filesOf(component));
  await writeAtomically(path, JSON.stringify({ packages, warnings }));
  return { packages, warnings };
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
 *
 * @param log is told what could not be read and was left out
 */
export const foundPackages = async (
  component: Component,
  cacheDir: string,
  log: (line: string) => void,
): Promise<FoundPackage[]> => {
  const made = component.origins.filter(({ type }) => type !== 'oci').map(ofOrigin);
  const { digest } = component;
  if (digest === undefined) return made;
  const key = createHash('sha256').update(`${SCAN_VERSION} ${digest}`).digest('hex');
  const path = join(cacheDir, 'scans', `${key}.json`);
  const found = (await readCached(path)) ?? (await scan(component, path));
  const known = new Set(made.map(({ purl }) => purl));
  for (const { path: at, message } of found.warnings) log(`${component.ref}: ${at}: ${message}`);
  return [...made, ...found.packages.filter(({ purl }) => !known.has(purl))];
};
