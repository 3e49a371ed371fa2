import { Digest, messageOf, SlipwayError } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseIgnoreFile, type IgnoreFile } from './ignore-file.ts';

/** What COPY and ADD may take, without what `.dockerignore` leaves out. */
export type BuildContext = {
  readonly folder: string;
  readonly entries: readonly ContextEntry[];
  /** of names, kinds, executable bits and contents: whatever of the context can show in the component */
  readonly digest: Digest;
};

type ContextEntry =
  | { readonly path: string; readonly type: 'folder' }
  | { readonly path: string; readonly type: 'link'; readonly target: string }
  | { readonly path: string; readonly type: 'file'; readonly mode: number; readonly sha256: string };

const NOTHING = parseIgnoreFile('', '.dockerignore');

const sha256 = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

const readIgnore = async (folder: string, dockerfile: string): Promise<IgnoreFile> => {
  for (const name of [`${dockerfile}.dockerignore`, '.dockerignore']) {
    const text = await readFile(join(folder, name), 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text !== undefined) return parseIgnoreFile(text, join(folder, name));
  }
  return NOTHING;
};

const entriesOf = async (folder: string, ignore: IgnoreFile, ref: string): Promise<ContextEntry[]> => {
  const entries: ContextEntry[] = [];
  const visit = async (relative: string): Promise<void> => {
    const names = await readdir(join(folder, relative)).catch((error: unknown) => {
      throw new SlipwayError(
        'COMPONENT_NOT_FOUND',
        `${ref}: the folder ${join(folder, relative)} cannot be read: ${messageOf(error)}; mend context in the image file`,
        { cause: error, details: { component: ref } },
      );
    });
    for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
      const path = relative === '' ? name : `${relative}/${name}`;
      const absolute = join(folder, path);
      const info = await lstat(absolute);
      const isOut = ignore.excludes(path);
      if (info.isDirectory()) {
        if (isOut && !ignore.hasExceptions) continue;
        const at = entries.length;
        await visit(path);
        // A folder that is left out is there where something below it is.
        if (!isOut || entries.length > at) entries.splice(at, 0, { path, type: 'folder' });
      } else if (isOut) continue;
      else if (info.isSymbolicLink()) entries.push({ path, type: 'link', target: await readlink(absolute) });
      else if (info.isFile()) {
        const mode = (info.mode & 0o111) === 0 ? 0o644 : 0o755;
        entries.push({ path, type: 'file', mode, sha256: await sha256(absolute) });
      } else
        throw new SlipwayError(
          'COMPONENT_INVALID',
          `${ref}: ${absolute}: expected a file, folder or symlink; remove it, or name it in .dockerignore`,
          { details: { component: ref, path: absolute } },
        );
    }
  };
  await visit('');
  return entries;
};

const digestOf = (entries: readonly ContextEntry[]): Digest =>
  Digest.parse(`sha256:${createHash('sha256').update(JSON.stringify(entries)).digest('hex')}`);

/**
 * Reads the folder of a Dockerfile. Owners, times and modes of the working machine do not count: engines give files to
 * root, and they are 0755 or 0644 by the executable bit, as in every checkout.
 *
 * @param dockerfile its path within the folder
 * @throws {SlipwayError} COMPONENT_NOT_FOUND, COMPONENT_INVALID, DOCKERFILE_INVALID of `.dockerignore`
 */
export const readBuildContext = async (
  folder: string,
  dockerfile: string,
  ref: string,
): Promise<BuildContext> => {
  const entries = await entriesOf(folder, await readIgnore(folder, dockerfile), ref);
  return { folder, entries, digest: digestOf(entries) };
};

/**
 * Copies a context to where an engine takes it from: what is built is what was digested.
 *
 * @throws {SlipwayError} COMPONENT_INVALID if it has changed since
 */
export const copyBuildContext = async (context: BuildContext, to: string, ref: string): Promise<void> => {
  await mkdir(to);
  for (const entry of context.entries) {
    const path = join(to, entry.path);
    if (entry.type === 'folder') {
      await mkdir(path, 0o755);
      await chmod(path, 0o755);
    } else if (entry.type === 'link') await symlink(entry.target, path);
    else {
      await copyFile(join(context.folder, entry.path), path);
      await chmod(path, entry.mode);
    }
  }
  const copied = digestOf(await entriesOf(to, NOTHING, ref));
  if (copied !== context.digest)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `${ref}: ${context.folder} changed while it was read; build again`,
      { details: { component: ref } },
    );
};
