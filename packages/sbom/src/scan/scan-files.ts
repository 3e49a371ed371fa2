import { messageOf } from '@slipway/protocol';
import type { FoundPackage, ScannedFile, ScanResult } from '../found-package.ts';
import { apkLicenseOwner, isApkInstalled, readApk } from './alpine.ts';
import { copyrightOwner, isDpkgStatus, readDpkg } from './debian.ts';
import { MIN_GO_PROGRAM_BYTES, readGoProgram } from './go-modules.ts';
import { bzImageRelease, isKernel, kernelPackage, modulesRelease } from './kernel.ts';
import { isPackageJson, npmLicenseOwner, readNpm } from './npm.ts';
import { OS_RELEASE, parseOsRelease } from './os-release.ts';
import { readText, Warnings } from './scan.ts';

/** Part of the key under which results are kept: changes whenever the same files would give another result. */
export const SCAN_VERSION = 1;

const MAX_OS_RELEASE_BYTES = 64 * 1024;

/** What may be of interest, by names and sizes alone. */
const sortOut = (files: Iterable<ScannedFile>) => {
  const osRelease = new Map<string, ScannedFile>();
  const copyrights = new Map<string, ScannedFile>();
  const apkLicenses = new Map<string, string[]>();
  const npmLicenses = new Map<string, string[]>();
  const modules = new Map<string, ScannedFile>();
  const [dpkg, apk, npm, programs, kernels]: ScannedFile[][] = [[], [], [], [], []];
  const note = (owners: Map<string, string[]>, owner: string, path: string): void => {
    const known = owners.get(owner);
    if (known === undefined) owners.set(owner, [path]);
    else known.push(path);
  };
  for (const file of files) {
    const { path } = file;
    const [copyright, apkLicense, npmLicense] = [
      copyrightOwner(path),
      apkLicenseOwner(path),
      npmLicenseOwner(path),
    ];
    const release = modulesRelease(path);
    if (release !== undefined) modules.set(release, file);
    else if (copyright !== undefined) copyrights.set(copyright, file);
    else if (apkLicense !== undefined) note(apkLicenses, apkLicense, path);
    else if (npmLicense !== undefined) note(npmLicenses, npmLicense, path);
    else if (isDpkgStatus(path)) dpkg?.push(file);
    else if (isApkInstalled(path)) apk?.push(file);
    else if (isKernel(path)) kernels?.push(file);
    else if (isPackageJson(path)) npm?.push(file);
    else if ((OS_RELEASE as readonly string[]).includes(path)) osRelease.set(path, file);
    else if (file.size >= MIN_GO_PROGRAM_BYTES && file.executable !== false) programs?.push(file);
  }
  for (const paths of [...apkLicenses.values(), ...npmLicenses.values()]) paths.sort();
  return {
    osRelease,
    copyrights,
    apkLicenses,
    npmLicenses,
    dpkg: dpkg ?? [],
    apk: apk ?? [],
    npm: npm ?? [],
    programs: programs ?? [],
    kernels: kernels ?? [],
    modules,
  };
};

/** Each package once: of several places the first by name stands for all. */
export const distinctPackages = (packages: Iterable<FoundPackage>): FoundPackage[] => {
  const byPurl = new Map<string, FoundPackage>();
  for (const item of packages) {
    const known = byPurl.get(item.purl);
    if (known === undefined || (item.foundIn ?? '') < (known.foundIn ?? '')) byPurl.set(item.purl, item);
  }
  return [...byPurl.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1));
};

/** Kernels that no package of a distribution brings. */
const kernelsOf = (
  { kernels, modules }: Pick<ReturnType<typeof sortOut>, 'kernels' | 'modules'>,
  installed: readonly FoundPackage[],
  warnings: Warnings,
): FoundPackage[] => {
  if (installed.some(({ name }) => /^linux-(?:image|modules|virt|lts)/.test(name))) return [];
  const images = kernels.flatMap((file) => {
    try {
      const release = bzImageRelease(file);
      return release === undefined ? [] : [kernelPackage(release, file.path)];
    } catch (error) {
      warnings.add(file.path, `cannot be read: ${messageOf(error)}`);
      return [];
    }
  });
  return [...images, ...[...modules].map(([release, file]) => kernelPackage(release, file.path))];
};

/**
 * Finds the packages in the effective tree of one image: of Debian and Alpine by their databases, of npm by their
 * package.json below node_modules, modules of Go by what its linker leaves in programs; and the kernel.
 *
 * Nothing here throws because of what an image holds: what is malformed or too large is left out and named in
 * `warnings`. The order of the files does not matter.
 */
export const scanFiles = (files: Iterable<ScannedFile>): ScanResult => {
  const warnings = new Warnings();
  const found = sortOut(files);
  const distro = OS_RELEASE.flatMap((path) => {
    const file = found.osRelease.get(path);
    return (
      (file === undefined
        ? undefined
        : parseOsRelease(readText(file, MAX_OS_RELEASE_BYTES, warnings) ?? '')) ?? []
    );
  })[0];
  const byPath = (a: ScannedFile, b: ScannedFile): number => (a.path < b.path ? -1 : 1);
  const installed = [
    ...readDpkg(found.dpkg.sort(byPath), found.copyrights, distro, warnings),
    ...readApk(found.apk.sort(byPath), found.apkLicenses, distro, warnings),
  ];
  const packages = distinctPackages([
    ...installed,
    ...kernelsOf(found, installed, warnings),
    ...readNpm(found.npm.sort(byPath), found.npmLicenses, warnings),
    ...found.programs.sort(byPath).flatMap((file) => readGoProgram(file, warnings)),
  ]);
  return { ...(distro === undefined ? {} : { distro }), packages, warnings: warnings.all() };
};
