import { lstat, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type FileDigest, digestFile } from '@slipway/bundle';
import { writeDiskArtifacts, type DiskArtifacts } from '@slipway/image/disk-artifacts';
import {
  type Arch,
  DiskArtifact,
  efiNames,
  type OutputFormat,
  type SignedDisk,
  type SigningProfile,
  SlipwayError,
} from '@slipway/protocol';
import { type Identity, signPe } from '@slipway/signing';
import { espRead, espWrite } from '@slipway/vm';
import { copyArtifact, type Declared } from './stage.ts';

const FIRST_UKI = 'EFI/Linux/slot-a.efi';

/** @throws {SlipwayError} CONFIG_INVALID */
export const dbKey = (profile: SigningProfile, key: Identity | undefined): Identity => {
  if (key !== undefined) return key;
  throw new SlipwayError(
    'CONFIG_INVALID',
    `The class asks for Secure Boot, but the signer has no key for it in its signing profile ${profile}. Put db.key.pem and db.pem into the folder secure-boot of its keys.`,
  );
};

/**
 * Signs the copy of a UKI in place.
 *
 * @returns what the manifest says of the signed file
 * @throws {SlipwayError} SIGN_POLICY_REFUSED
 */
export const signUki = async (path: string, db: Identity): Promise<FileDigest> => {
  await writeFile(path, signPe(await readFile(path), db), { flush: true });
  return digestFile(path);
};

type Disks = {
  /** of the build */
  readonly disk: { readonly path: string; readonly declared: Declared; readonly arch: Arch };
  /** seconds since 1970, of the files that are replaced */
  readonly time: number;
  /** signed */
  readonly uki: string;
  readonly db: Identity;
  /** what the class names */
  readonly formats: readonly OutputFormat[];
  readonly deviceClass: string;
  /** where each appears, once all are whole */
  readonly pathOf: (name: DiskArtifact) => string;
  readonly progress: DiskArtifacts['progress'];
};

/** Copies the disk image of a build while comparing it with what was declared, and replaces what its firmware starts. */
const signDisk = async ({ disk, uki, db, time }: Disks, out: string): Promise<FileDigest> => {
  await copyArtifact(disk.path, disk.declared, out);
  const loader = efiNames(disk.arch).firstFile;
  await espWrite(out, loader, signPe(await espRead(out, loader), db), time);
  await espWrite(out, FIRST_UKI, await readFile(uki), time);
  return digestFile(out);
};

/** What is not whole yet, and its second name. */
const UNFINISHED = ['.new', '.new.twin'] as const;

const remove = async (paths: readonly string[]): Promise<void> => {
  // What cannot be removed hides neither the others nor why they are.
  for (const path of paths) await rm(path, { force: true }).catch(() => undefined);
};

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

export type SignedDisks = {
  readonly disks: SignedDisk[];
  /** Takes away those that were not there before: what another run for the same bundle has made is as good, and stays. */
  readonly undo: () => Promise<void>;
};

/**
 * Writes the disk of a build with signed files in place of what its firmware starts, and this in each format that the class
 * names. All of them appear, or none.
 *
 * @throws {SlipwayError} SIGN_INPUT_MISMATCH, SIGN_POLICY_REFUSED, TOOL_MISSING, TOOL_FAILED
 */
export const signDisks = async (disks: Disks): Promise<SignedDisks> => {
  const { formats, deviceClass, pathOf, progress } = disks;
  const unfinished = (name: DiskArtifact): string => `${pathOf(name)}.new`;
  const allUnfinished = DiskArtifact.options.flatMap((name) =>
    UNFINISHED.map((suffix) => `${pathOf(name)}${suffix}`),
  );
  await remove(allUnfinished);
  const appeared: string[] = [];
  try {
    const raw = unfinished('disk.img');
    const { size, digest } = await signDisk(disks, raw);
    const others = await writeDiskArtifacts({
      disk: raw,
      digest,
      formats,
      deviceClass,
      pathOf: unfinished,
      progress,
    });
    const made: SignedDisk[] = [
      { name: 'disk.img', size, digest },
      ...others.map((one) => ({ name: one.name, size: one.size, digest: one.digest })),
    ];
    for (const { name } of made) {
      await using file = await open(unfinished(name), 'r');
      await file.sync();
    }
    for (const { name } of made) {
      const wasThere = await isThere(pathOf(name));
      await rename(unfinished(name), pathOf(name));
      if (!wasThere) appeared.push(pathOf(name));
    }
    return { disks: made, undo: () => remove(appeared) };
  } catch (error) {
    await remove([...allUnfinished, ...appeared]);
    throw error;
  }
};
