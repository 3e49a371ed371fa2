import type { Distro, FoundPackage, ScannedFile } from '../found-package.ts';
import { licensesOfCopyright, MAX_COPYRIGHT_BYTES } from '../debian-licenses.ts';
import { debPurl } from '../purl.ts';
import { plainText } from '../spdx-expression.ts';
import { parseStanzas, type Stanza } from '../stanzas.ts';
import { firstEntries, readText, type Warnings } from './scan.ts';

/** Bytes; a desktop with everything has a tenth of it. */
const MAX_STATUS_BYTES = 64 * 1024 * 1024;

/** The database of dpkg, and the one file for each package that distroless images have in its place. */
export const isDpkgStatus = (path: string): boolean =>
  path === 'var/lib/dpkg/status' ||
  (/^var\/lib\/dpkg\/status\.d\/[^/]+$/.test(path) && !path.endsWith('.md5sums'));

export const copyrightOwner = (path: string): string | undefined =>
  /^usr\/share\/doc\/([^/]+)\/copyright$/.exec(path)?.[1];

const NAME = /^[a-z0-9][a-z0-9+.-]{0,199}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+:~-]{0,199}$/;
const ARCH = /^[a-z0-9][a-z0-9-]{0,39}$/;

export type DebianEntry = {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly source: { readonly name: string; readonly version: string };
  readonly supplier: string | undefined;
};

/** `Source: glibc (2.41-12)`: its version where it is another than the package's; no field: the source has its name. */
export const parseSource = (
  field: string | undefined,
  name: string,
  version: string,
): { readonly name: string; readonly version: string } => {
  const match = /^(\S+)(?:\s+\((\S+)\))?$/.exec(field ?? name);
  const source = { name: match?.[1] ?? name, version: match?.[2] ?? version };
  return NAME.test(source.name) && VERSION.test(source.version) ? source : { name, version };
};

/** @returns nothing where the package is not installed; what is wrong where the entry is malformed */
export const parseEntry = (stanza: Stanza): DebianEntry | string | undefined => {
  const [name = '', version = '', arch = ''] = ['package', 'version', 'architecture'].map((field) =>
    stanza.get(field),
  );
  const status = stanza.get('status');
  if (
    status !== undefined &&
    !/\s(?:installed|triggers-pending|triggers-awaited|half-configured|unpacked)$/.test(status)
  )
    return undefined;
  if (!NAME.test(name)) return `expected a package name, found ${JSON.stringify(name.slice(0, 80))}`;
  if (!VERSION.test(version))
    return `${name}: expected a version, found ${JSON.stringify(version.slice(0, 80))}`;
  if (!ARCH.test(arch))
    return `${name}: expected an architecture, found ${JSON.stringify(arch.slice(0, 80))}`;
  const supplier = plainText(stanza.get('maintainer') ?? '');
  return {
    name,
    version,
    arch,
    source: parseSource(stanza.get('source'), name, version),
    supplier: supplier === '' ? undefined : supplier,
  };
};

export const readDpkg = (
  databases: readonly ScannedFile[],
  copyrights: ReadonlyMap<string, ScannedFile>,
  distro: Distro | undefined,
  warnings: Warnings,
): FoundPackage[] => {
  const entries: { readonly entry: DebianEntry; readonly foundIn: string }[] = [];
  for (const file of databases) {
    const stanzas = parseStanzas(readText(file, MAX_STATUS_BYTES, warnings) ?? '');
    for (const stanza of firstEntries(stanzas, file.path, warnings)) {
      const entry = parseEntry(stanza);
      if (typeof entry === 'string') warnings.add(file.path, entry);
      else if (entry !== undefined) entries.push({ entry, foundIn: file.path });
    }
  }
  // A package whose folder of documents is a symlink has that of a package of the same source: Debian Policy 12.3.
  const bySource = new Map<string, ScannedFile>();
  for (const { entry } of entries) {
    const file = copyrights.get(entry.name);
    if (file !== undefined && !bySource.has(entry.source.name)) bySource.set(entry.source.name, file);
  }
  const licenses = new Map<ScannedFile, string[]>();
  const licensesIn = (file: ScannedFile): string[] => {
    const known =
      licenses.get(file) ?? licensesOfCopyright(readText(file, MAX_COPYRIGHT_BYTES, warnings) ?? '');
    licenses.set(file, known);
    return known;
  };
  return entries.map(({ entry, foundIn }) => {
    const copyright = copyrights.get(entry.name) ?? bySource.get(entry.source.name);
    return {
      type: 'deb',
      name: entry.name,
      version: entry.version,
      purl: debPurl({ ...entry, distro }),
      licenses: copyright === undefined ? [] : licensesIn(copyright),
      source: entry.source,
      ...(entry.supplier === undefined ? {} : { supplier: entry.supplier }),
      foundIn,
      ...(copyright === undefined ? {} : { licenseFiles: [copyright.path] }),
    };
  });
};
