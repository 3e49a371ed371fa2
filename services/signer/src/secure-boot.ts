import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type FileDigest, digestFile } from '@slipway/bundle';
import { type Arch, efiNames, SlipwayError } from '@slipway/protocol';
import { type Identity, signPe } from '@slipway/signing';
import { espRead, espWrite } from '@slipway/vm';
import { copyArtifact, type Declared } from './stage.ts';

const FIRST_UKI = 'EFI/Linux/slot-a.efi';

/** @throws {SlipwayError} CONFIG_INVALID */
export const dbKey = (key: Identity | undefined): Identity => {
  if (key !== undefined) return key;
  throw new SlipwayError(
    'CONFIG_INVALID',
    'The class asks for Secure Boot, but the signer has no key for it. Put db.key.pem and db.pem into the folder secure-boot of its keys.',
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

/**
 * Copies the disk image of a build while comparing it with what was declared, and replaces what its firmware starts by
 * signed files.
 *
 * @param uki signed
 * @param out appears when it is whole
 * @throws {SlipwayError} SIGN_INPUT_MISMATCH, SIGN_POLICY_REFUSED, TOOL_MISSING, TOOL_FAILED
 */
export const signDisk = async (
  disk: { readonly path: string; readonly declared: Declared; readonly arch: Arch },
  uki: string,
  db: Identity,
  out: string,
): Promise<void> => {
  const unfinished = `${out}.new`;
  await rm(unfinished, { force: true });
  try {
    await copyArtifact(disk.path, disk.declared, unfinished);
    const loader = efiNames(disk.arch).firstFile;
    await espWrite(unfinished, loader, signPe(await espRead(unfinished, loader), db));
    await espWrite(unfinished, FIRST_UKI, await readFile(uki));
    await using file = await open(unfinished, 'r');
    await file.sync();
    await rename(unfinished, out);
  } finally {
    await rm(unfinished, { force: true });
  }
};
