import { X509Certificate } from 'node:crypto';
import { cp, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SlipwayError, systemError } from '@slipway/protocol';
import { putBack, takePlace } from '@slipway/signing';
import type { KeyPlaces } from './plan.ts';
import { releasePlaces } from './release-places.ts';

/** What a key was, and what has taken its place: ids as `slipway keys list` has them. */
export type Rotated = { readonly name: string; readonly before: string; readonly after: string };

export const readPem = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemError(cause, ['ENOENT', 'ENOTDIR']) === undefined) throw cause;
    throw new SlipwayError(
      'NOT_FOUND',
      `${path} is not there. Name the data directory by --data, and by --offline the folder with the keys that are kept elsewhere: a medium that is attached for as long as this takes.`,
      { cause },
    );
  });

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

type Files = Readonly<Record<string, string | Uint8Array>>;

const modeOf = (name: string): number => (name.includes('key') ? 0o400 : 0o444);

const writeAll = async (folder: string, files: Files): Promise<void> => {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    await rm(join(folder, name), { force: true });
    await writeFile(join(folder, name), content, { mode: modeOf(name), flush: true });
  }
};

/** Puts back what a cut has left under another name. */
export const mendFolders = async (places: KeyPlaces): Promise<void> => {
  const own = ['signer/keys', 'pki/device', 'pki/server', 'pki/qualifier'].map((name) =>
    join(places.dataDir, name),
  );
  const { keys, offline } = releasePlaces(places);
  for (const folder of new Set([...own, keys, places.offlineDir, offline])) await putBack(folder);
};

/**
 * Puts files into a folder one by one, in their order. Nothing is written beside the folder: it may be a medium, where what
 * lies beside it is on the disk of this machine.
 */
export const replaceInside = async (folder: string, files: Files): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    const next = join(folder, `${name}.new`);
    await rm(next, { force: true });
    await writeFile(next, text, { mode: modeOf(name), flush: true });
    await rename(next, join(folder, name));
  }
  const directory = await open(folder);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

/** Puts files into a copy of a folder, which then takes its place: half of a key set is never there. */
export const replaceIn = async (folder: string, files: Files): Promise<void> => {
  const next = `${folder}.new`;
  await rm(next, { recursive: true, force: true });
  await cp(folder, next, { recursive: true, preserveTimestamps: true });
  await writeAll(next, files);
  await takePlace(next, folder);
};

/** Makes a folder with these files and nothing else. */
export const makeKeyFolder = async (folder: string, files: Files): Promise<void> => {
  const next = `${folder}.new`;
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true, mode: 0o700 });
  await writeAll(next, files);
  await takePlace(next, folder);
};

/** ms since 1970 */
export const endOf = (certificatePem: string): number =>
  new X509Certificate(certificatePem).validToDate.getTime();

const DAY_MS = 86_400_000;

/**
 * When the next authority is made, so that it ends after the present one by which files tell which of two is the next.
 *
 * @param days for which it lasts
 */
export const laterThan = (presentPem: string, days: number): Date =>
  new Date(Math.max(Date.now(), endOf(presentPem) - days * DAY_MS + 1000));

/** A name that tells one authority from the one before it. */
export const nextName = (name = 'Slipway'): string => `${name} ${new Date().toISOString().slice(0, 10)}`;
