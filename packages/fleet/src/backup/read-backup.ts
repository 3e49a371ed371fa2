import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { SlipwayError } from '@slipway/protocol';
import { extract, type Header } from 'tar-stream';
import { bytesOf } from './bytes.ts';
import { decrypt, isEncrypted, type OpenWith } from './encryption.ts';
import {
  BackupHead,
  BackupManifest,
  DATABASE,
  HEAD,
  invalidBackup,
  MANIFEST,
  type BackupEntry,
} from './manifest.ts';

const MAX_TEXT = 256 * 1024 * 1024;

type Entry = AsyncIterable<unknown> & { readonly header: Header; readonly resume: () => unknown };

/** What is done with an entry beside hashing it. */
export type Keep = (entry: BackupEntry, content: AsyncIterable<Buffer>, mtime: Date) => Promise<void>;

/**
 * Reads a whole backup and compares it with its manifest, which comes last: what `keep` was given counts only once this
 * has ended well.
 *
 * @param key what opens it, where it is encrypted
 * @throws {SlipwayError} BACKUP_INVALID, BACKUP_LOCKED
 */
export const readBackup = async (
  file: string,
  keep: Keep,
  key?: OpenWith,
): Promise<{
  readonly head: BackupHead;
  readonly entries: readonly BackupEntry[];
  readonly encrypted: boolean;
}> => {
  const encrypted = await isEncrypted(file);
  const input = createReadStream(file, { highWaterMark: 1024 * 1024 });
  const tar = extract();
  let head: BackupHead | undefined;
  let manifest: BackupManifestType | undefined;
  const found: BackupEntry[] = [];
  const read = async (): Promise<void> => {
    for await (const entry of tar) {
      const { name } = entry.header;
      if (head === undefined) {
        if (name !== HEAD) throw invalidBackup(file, 'it is no backup of Slipway');
        head = parse(file, BackupHead, await textOf(file, entry));
      } else if (manifest !== undefined) throw invalidBackup(file, 'something follows its manifest');
      else if (name === MANIFEST) manifest = parse(file, BackupManifest, await textOf(file, entry));
      else found.push(await take(file, entry, keep));
    }
  };
  try {
    await Promise.all([
      feed(encrypted ? await decrypt(file, input, key) : input, tar),
      read().catch((error: unknown) => {
        input.destroy();
        tar.destroy();
        throw error;
      }),
    ]);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error)
      throw error;
    throw invalidBackup(file, 'it is damaged, or was cut short', error);
  }
  if (head === undefined || manifest === undefined)
    throw invalidBackup(file, 'it was cut short: its manifest is not there');
  const { entries } = manifest;
  const differs = entries.find((entry, at) => !isDeepStrictEqual(entry, found[at]));
  if (differs !== undefined) throw invalidBackup(file, `${differs.path} is damaged`);
  if (found.length !== entries.length)
    throw invalidBackup(file, 'it has files that its manifest does not name');
  if (!entries.some(({ path }) => path === DATABASE)) throw invalidBackup(file, 'it has no database');
  return { head, entries, encrypted };
};

const feed = async (input: AsyncIterable<Uint8Array>, tar: ReturnType<typeof extract>): Promise<void> => {
  const failed = new Promise<never>((_resolve, reject) => {
    tar.once('error', reject);
    tar.once('close', () => reject(new Error('the archive ended early')));
  });
  failed.catch(() => undefined);
  const finished = new Promise<void>((resolve) => tar.once('finish', resolve));
  for await (const piece of input)
    if (!tar.write(bytesOf(piece)))
      await Promise.race([new Promise<void>((drained) => tar.once('drain', drained)), failed]);
  tar.end(undefined);
  await Promise.race([finished, failed]);
};

type BackupManifestType = { readonly entries: readonly BackupEntry[] };

const parse = <T>(file: string, schema: { parse: (value: unknown) => T }, text: string): T => {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw invalidBackup(file, 'it is damaged, or of a newer kind', error);
  }
};

const textOf = async (file: string, entry: Entry): Promise<string> => {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of entry) {
    const bytes = bytesOf(piece);
    size += bytes.length;
    if (size > MAX_TEXT) throw invalidBackup(file, 'its manifest is too large');
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString();
};

/** Names that stay where they are put. */
const isInside = (path: string): boolean =>
  !path.startsWith('/') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const take = async (file: string, entry: Entry, keep: Keep): Promise<BackupEntry> => {
  const { name, type, mode, size, linkname, mtime } = entry.header;
  const path = name.replace(/\/$/, '');
  if (!isInside(path)) throw invalidBackup(file, `it has a file outside of itself: ${path.slice(0, 100)}`);
  const nothing = async function* (): AsyncIterable<Buffer> {};
  if (type === 'directory') {
    entry.resume();
    const found: BackupEntry = { type: 'folder', path, mode };
    await keep(found, nothing(), mtime);
    return found;
  }
  if (type === 'symlink') {
    entry.resume();
    const found: BackupEntry = { type: 'link', path, mode, target: linkname ?? '' };
    await keep(found, nothing(), mtime);
    return found;
  }
  if (type !== 'file') throw invalidBackup(file, `${path} is neither file nor folder nor link`);
  const hash = createHash('sha256');
  const hashed = async function* (): AsyncIterable<Buffer> {
    for await (const piece of entry) {
      const bytes = bytesOf(piece);
      hash.update(bytes);
      yield bytes;
    }
  };
  await keep({ type: 'file', path, mode, size, sha256: '' }, hashed(), mtime);
  return { type: 'file', path, mode, size, sha256: hash.digest('hex') };
};

/** Reads it to the end and keeps nothing. @throws {SlipwayError} BACKUP_INVALID, BACKUP_LOCKED */
export const verifyBackup = async (
  file: string,
  key?: OpenWith,
): Promise<{
  readonly file: string;
  readonly madeAt: string;
  readonly files: number;
  readonly bytes: number;
  readonly encrypted: boolean;
}> => {
  const drop: Keep = async (_entry, content) => {
    const pieces = content[Symbol.asyncIterator]();
    while ((await pieces.next()).done !== true);
  };
  const { head, entries, encrypted } = await readBackup(file, drop, key);
  const files = entries.filter((entry) => entry.type === 'file');
  return {
    file,
    madeAt: head.madeAt,
    files: files.length,
    bytes: files.reduce((total, { size }) => total + size, 0),
    encrypted,
  };
};
