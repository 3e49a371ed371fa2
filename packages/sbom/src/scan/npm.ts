import { SlipwayError } from '@slipway/protocol';
import { z } from 'zod';
import type { FoundPackage, ScannedFile } from '../found-package.ts';
import { npmPurl } from '../purl.ts';
import { normaliseLicenses, plainText } from '../spdx-expression.ts';
import { readText, type Warnings } from './scan.ts';

const MAX_PACKAGE_JSON_BYTES = 2 * 1024 * 1024;

/** The folder of an installed package: what lies right under a `node_modules`, and nothing deeper inside the package. */
const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/@]+\/)?[^/@.][^/]*$/;

export const isPackageJson = (path: string): boolean =>
  path.endsWith('/package.json') && PACKAGE_FOLDER.test(path.slice(0, -'/package.json'.length));

/** The folder of the package that a licence or notice belongs to. */
export const npmLicenseOwner = (path: string): string | undefined => {
  const slash = path.lastIndexOf('/');
  const folder = path.slice(0, Math.max(0, slash));
  return !/\.(?:[cm]?[jt]s|json|map)$/.test(path) &&
    /^(?:licen[cs]e|copying|notice|copyright)(?:[.-][\w.-]*)?$/i.test(path.slice(slash + 1)) &&
    PACKAGE_FOLDER.test(folder)
    ? folder
    : undefined;
};

const OneLicense = z.union([z.string(), z.object({ type: z.string() }).transform(({ type }) => type)]);
/** Old packages have an object or a list in place of an expression; whatever else stands there says nothing. */
const PackageJson = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: OneLicense.optional().catch(undefined),
  licenses: z.array(OneLicense).optional().catch(undefined),
  author: z
    .union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])
    .optional()
    .catch(undefined),
});

const NAME = /^(?:@[A-Za-z0-9~._-]+\/)?[A-Za-z0-9~._-]+$/;
const VERSION = /^\d+\.\d+\.\d+[A-Za-z0-9.+-]*$/;

/** @returns nothing where it is not a package but a note to Node, such as `{"type": "module"}` */
export const parsePackageJson = (
  text: string,
): Omit<FoundPackage, 'foundIn' | 'licenseFiles'> | undefined => {
  const parsed = PackageJson.safeParse(JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text));
  if (!parsed.success)
    throw new SlipwayError('COMPONENT_INVALID', 'expected an object with a name and a version as texts');
  const { name, version, license, licenses = [], author = '' } = parsed.data;
  if (name === undefined || version === undefined) return undefined;
  if (name.length > 214 || !NAME.test(name) || version.length > 256 || !VERSION.test(version))
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `expected the name and version of an npm package, found ${JSON.stringify([name.slice(0, 80), version.slice(0, 80)])}`,
    );
  // The old list is one of choices, not of what applies together.
  const choices =
    license === undefined ? licenses.map((choice) => plainText(choice)) : [plainText(license, 2000)];
  // `Name <mail> (site)`
  const supplier = plainText(author).split(' (')[0] ?? '';
  return {
    type: 'npm',
    name,
    version,
    purl: npmPurl(name, version),
    licenses: normaliseLicenses([choices.join(' OR ')]),
    ...(supplier === '' ? {} : { supplier }),
  };
};

export const readNpm = (
  files: readonly ScannedFile[],
  licenseFiles: ReadonlyMap<string, readonly string[]>,
  warnings: Warnings,
): FoundPackage[] =>
  files.flatMap((file): FoundPackage[] => {
    const text = readText(file, MAX_PACKAGE_JSON_BYTES, warnings);
    if (text === undefined) return [];
    try {
      const found = parsePackageJson(text);
      const texts = licenseFiles.get(file.path.slice(0, -'/package.json'.length)) ?? [];
      return found === undefined
        ? []
        : [{ ...found, foundIn: file.path, ...(texts.length === 0 ? {} : { licenseFiles: texts }) }];
    } catch (error) {
      warnings.add(
        file.path,
        error instanceof SlipwayError ? error.message : 'expected JSON, as every package.json is',
      );
      return [];
    }
  });
