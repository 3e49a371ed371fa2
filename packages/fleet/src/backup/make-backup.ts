import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, open, readdir, readlink, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SlipwayError, systemError } from '@slipway/protocol';
import { pack, type Header, type Pack } from 'tar-stream';
import {
  BackupManifest,
  DATA,
  DATABASE,
  HEAD,
  MANIFEST,
  type BackupEntry,
  type BackupHead,
} from './manifest.ts';
import { encrypt, requireRecipients, type EncryptFor } from './encryption.ts';
import { linesOf } from './lines.ts';
import { ExportHead } from './ndjson.ts';
import { isLeftOut, PARTS, REQUIRED } from './parts.ts';

export type MakeBackup = {
  readonly file: string;
  /** as `npm run up` lays it out */
  readonly dataDir: string;
  /** writes what `exportDatabase` writes; called before any other file is looked at */
  readonly exportTo: (path: string) => Promise<unknown>;
  /** absent: whoever reads the file reads the keys */
  readonly encryptFor?: EncryptFor | undefined;
  readonly now: Date;
};

export type BackupSummary = {
  readonly file: string;
  readonly madeAt: string;
  readonly files: number;
  /** of the backup */
  readonly bytes: number;
  /** of releases that may be rolled out */
  readonly bundles: number;
  readonly encrypted: boolean;
};

/**
 * Writes a backup that only we can read, encrypted if wanted: it appears under its name once it is whole and on disk. The database comes
 * first, and what it names is in the store by then, so the files that are found after it are enough.
 *
 * @throws {SlipwayError} NOT_WRITABLE where the file exists; BACKUP_INCOMPLETE where something is not there; USAGE for a
 *   recipient that is none
 */
export const makeBackup = async ({
  file,
  dataDir,
  exportTo,
  encryptFor,
  now,
}: MakeBackup): Promise<BackupSummary> => {
  if (encryptFor !== undefined) requireRecipients(encryptFor);
  if ((await lstat(file).catch(absent)) !== undefined)
    throw new SlipwayError('NOT_WRITABLE', `${file} is there already. Name another file, or remove it.`);
  for (const part of REQUIRED)
    if ((await lstat(join(dataDir, part)).catch(absent)) === undefined)
      throw incomplete(`there is no ${part} in ${dataDir}`);
  const partial = `${file}.partial`;
  // Beside the database, not beside the backup: there it may be on a disk that is to hold nothing in plain text.
  const mark = createHash('sha256').update(file).digest('hex').slice(0, 8);
  const database = join(dataDir, `backup-${mark}.database`);
  const remove = async (): Promise<void> => {
    for (const left of [partial, database]) await rm(left, { force: true });
  };
  await remove();
  try {
    await exportTo(database);
    const head: BackupHead = { v: 1, format: 'slipway-backup', madeAt: now.toISOString() };
    const bundles = await bundlesOf(database);
    const tar = pack();
    const output = encryptFor === undefined ? tar : await encrypt(tar, encryptFor);
    const fill = async (): Promise<BackupEntry[]> => {
      const add = new Adder(tar);
      await add.text(HEAD, JSON.stringify(head));
      await add.file(database, DATABASE);
      for (const part of PARTS) await add.tree(dataDir, part);
      const known = new Set(add.entries.map(({ path }) => path));
      const missing = bundles.filter((id) => !known.has(`${DATA}store/bundles/${id}.tar`));
      if (missing.length > 0)
        throw incomplete(`the store has no bundle of ${missing.slice(0, 5).join(', ')}`);
      await add.text(MANIFEST, JSON.stringify(BackupManifest.parse({ v: 1, entries: add.entries })));
      tar.finalize();
      return add.entries;
    };
    const [entries] = await Promise.all([
      fill().catch((error: unknown) => {
        tar.destroy(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }),
      pipeline(output, createWriteStream(partial, { mode: 0o600, flush: true })),
    ]);
    await rename(partial, file);
    await using folder = await open(dirname(file));
    await folder.sync();
    return {
      file,
      madeAt: head.madeAt,
      files: entries.filter(({ type }) => type === 'file').length,
      bytes: (await stat(file)).size,
      bundles: bundles.length,
      encrypted: encryptFor !== undefined,
    };
  } finally {
    await remove();
  }
};

const incomplete = (why: string): SlipwayError =>
  new SlipwayError(
    'BACKUP_INCOMPLETE',
    `Expected everything that the instance needs; ${why}. Mend that, or withdraw the release, and make the backup again.`,
  );

const absent = (error: unknown): undefined => {
  if (systemError(error, ['ENOENT']) === undefined) throw error;
};

const bundlesOf = async (database: string): Promise<readonly string[]> => {
  for await (const line of linesOf(database)) return ExportHead.parse(JSON.parse(line)).bundles;
  throw incomplete('its database was not written');
};

/** Puts files into the tar and remembers what it put there. What goes away meanwhile is not needed by the database. */
class Adder {
  readonly entries: BackupEntry[] = [];
  readonly #tar: Pack;
  constructor(tar: Pack) {
    this.#tar = tar;
  }

  async text(name: string, text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#tar.entry({ name, mode: 0o600 }, text, (error) => (error ? reject(error) : resolve()));
    });
  }

  async file(from: string, path: string): Promise<void> {
    const file = await open(from).catch(absent);
    if (file === undefined) return;
    try {
      const info = await file.stat();
      const mode = info.mode & 0o777;
      const hash = createHash('sha256');
      // As long as it is now: a log may grow while it is read.
      const { size } = info;
      await this.#entry({ name: path, mode, size, mtime: info.mtime }, firstBytes(file, size, hash));
      this.entries.push({ type: 'file', path, mode, size, sha256: hash.digest('hex') });
    } finally {
      await file.close();
    }
  }

  async tree(root: string, path: string): Promise<void> {
    if (isLeftOut(path)) return;
    const full = join(root, path);
    const name = `${DATA}${path}`;
    const info = await lstat(full).catch(absent);
    if (info === undefined) return;
    const mode = info.mode & 0o777;
    if (info.isFile()) await this.file(full, name);
    else if (info.isSymbolicLink()) {
      const target = await readlink(full);
      await this.#entry({ name, mode, type: 'symlink', linkname: target, mtime: info.mtime });
      this.entries.push({ type: 'link', path: name, mode, target });
    } else if (info.isDirectory()) {
      await this.#entry({ name, mode, type: 'directory', mtime: info.mtime });
      this.entries.push({ type: 'folder', path: name, mode });
      const names = (await readdir(full).catch(absent)) ?? [];
      for (const child of names.sort()) await this.tree(root, `${path}/${child}`);
    }
  }

  async #entry(header: Partial<Header> & { name: string }, content?: AsyncIterable<Buffer>): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const sink = this.#tar.entry(header, (error) => (error ? ended.reject(error) : ended.resolve()));
    // Told by whoever writes the archive; unheard here, it would end the process.
    sink.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => sink.once('close', resolve));
    for await (const piece of content ?? [])
      // `close` too: where the archive cannot be written on, it never drains.
      if (!sink.write(piece))
        await Promise.race([new Promise<void>((drained) => sink.once('drain', drained)), closed]);
    sink.end(undefined);
    await ended.promise;
  }
}

const PIECE = 1024 * 1024;

async function* firstBytes(
  file: FileHandle,
  size: number,
  hash: ReturnType<typeof createHash>,
): AsyncIterable<Buffer> {
  for (let at = 0; at < size;) {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, size - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw incomplete('a file became shorter while it was read');
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    at += bytesRead;
    yield piece;
  }
}
