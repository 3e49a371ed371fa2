import type { Distro, FoundPackage, ScannedFile } from '../found-package.ts';
import { apkPurl } from '../purl.ts';
import { isSpdxExpression, isSpdxId, normaliseLicenses, plainText } from '../spdx-expression.ts';
import { firstEntries, readText, type Warnings } from './scan.ts';

const MAX_INSTALLED_BYTES = 64 * 1024 * 1024;

/** The database of apk, also at its place in a merged /usr. */
export const isApkInstalled = (path: string): boolean => /^(?:usr\/)?lib\/apk\/db\/installed$/.test(path);

export const apkLicenseOwner = (path: string): string | undefined =>
  /^usr\/share\/licenses\/([^/]+)\/[^/]+$/.exec(path)?.[1];

const NAME = /^[A-Za-z0-9_][A-Za-z0-9+._-]{0,199}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+_~-]{0,199}$/;
const ARCH = /^[a-z0-9_]{1,40}$/;

/** What apk calls a licence: an SPDX expression in today's packages, names apart by blanks in old ones. */
const parseLicense = (text: string): string[] => {
  const license = plainText(text, 2000);
  if (isSpdxExpression(license)) return normaliseLicenses([license]);
  const names = license.split(' ');
  return normaliseLicenses(names.every(isSpdxId) ? names : [license]);
};

/** Fields of one package: a letter, a colon, a value. Lines of files (`F:`, `R:`, `a:` …) are of no interest here. */
const FIELDS = new Set(['P', 'V', 'A', 'L', 'o', 'c', 'm']);

export function* parseInstalled(text: string): Generator<ReadonlyMap<string, string>> {
  let current = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '') {
      if (current.size > 0) yield current;
      current = new Map();
    } else if (line[1] === ':' && FIELDS.has(line.slice(0, 1)))
      current.set(line.slice(0, 1), line.slice(2).trim());
  }
  if (current.size > 0) yield current;
}

/** @see https://wiki.alpinelinux.org/wiki/Apk_spec */
export const readApk = (
  databases: readonly ScannedFile[],
  licenseFiles: ReadonlyMap<string, readonly string[]>,
  distro: Distro | undefined,
  warnings: Warnings,
): FoundPackage[] =>
  databases.flatMap((file) =>
    [
      ...firstEntries(
        parseInstalled(readText(file, MAX_INSTALLED_BYTES, warnings) ?? ''),
        file.path,
        warnings,
      ),
    ].flatMap((fields): FoundPackage[] => {
      const [name = '', version = '', arch = ''] = ['P', 'V', 'A'].map((field) => fields.get(field));
      if (!NAME.test(name) || !VERSION.test(version) || !ARCH.test(arch)) {
        warnings.add(
          file.path,
          `expected name (P:), version (V:) and architecture (A:), found ${JSON.stringify([name, version, arch].map((field) => field.slice(0, 80)))}`,
        );
        return [];
      }
      const origin = fields.get('o') ?? '';
      const commit = fields.get('c') ?? '';
      const supplier = plainText(fields.get('m') ?? '');
      const files = licenseFiles.get(name) ?? [];
      return [
        {
          type: 'apk',
          name,
          version,
          purl: apkPurl({ name, version, arch, distro }),
          licenses: parseLicense(fields.get('L') ?? ''),
          source: {
            name: NAME.test(origin) ? origin : name,
            version,
            ...(/^[0-9a-f]{40}$/.test(commit) ? { commit } : {}),
          },
          ...(supplier === '' ? {} : { supplier }),
          foundIn: file.path,
          ...(files.length === 0 ? {} : { licenseFiles: files }),
        },
      ];
    }),
  );
