import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileState, type Content, type TreeEntry } from '@slipway/components';
import { userNumber, type FileEntry, type ImageFile } from '@slipway/image-spec';
import { messageOf, SlipwayError } from '@slipway/protocol';
import { GENERATED_MTIME } from './generated.ts';
import { metadata } from './metadata.ts';
import type { ParentAttributes, RootBuilder } from './root-builder.ts';

/** Larger files stay on disk until they are written. */
const MAX_READ_BYTES = 1024 * 1024;

export type FilesContext = {
  readonly spec: ImageFile;
  readonly users: ReadonlyMap<string, number>;
  /** what `source` is relative to */
  readonly sourceDir: string;
  /** what `~/` of a `source` stands for; absent: it is refused */
  readonly home?: string | undefined;
};

const HOME = '~/';

const readSource = async (
  { optional, path }: FileEntry,
  source: string,
  { sourceDir, home }: FilesContext,
  where: string,
): Promise<Content | undefined> => {
  const fail = (why: string, cause?: unknown): never => {
    throw new SlipwayError(
      'SPEC_INVALID',
      `${where}.source: expected the file ${source} for ${path}, ${why}; add it, or set optional: true`,
      { cause, details: { key: `${where}.source`, path, source } },
    );
  };
  const isInHome = source.startsWith(HOME);
  if (isInHome && home === undefined) return fail('but ~/ has no meaning here');
  const name =
    isInHome && home !== undefined ? join(home, source.slice(HOME.length)) : resolve(sourceDir, source);
  try {
    const info = await stat(name);
    if (!info.isFile()) return fail('found something that is no file');
    if (info.size > MAX_READ_BYTES) return { file: name, offset: 0, size: info.size, asOf: fileState(info) };
    return new Uint8Array(await readFile(name));
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    return optional === true ? undefined : fail(`which cannot be read: ${messageOf(error)}`, error);
  }
};

/** The content of a file; undefined if it is optional and its source is not there. */
const contentOf = async (
  file: FileEntry,
  context: FilesContext,
  where: string,
): Promise<Content | undefined> => {
  if (file.contents !== undefined) return new TextEncoder().encode(file.contents);
  if (file.source !== undefined) return readSource(file, file.source, context, where);
  if (file.metadata !== undefined) return new TextEncoder().encode(metadata(context.spec, file.metadata));
  throw new SlipwayError(
    'SPEC_INVALID',
    `${where}: expected contents, source, metadata, symlink or directory for ${file.path}, found none`,
    { details: { key: where, path: file.path } },
  );
};

/** Who may read or write a file may enter the directories above it that are made for it. */
const forParents = (mode: number): number =>
  [0o700, 0o070, 0o007].reduce(
    (result, bits) => ((mode & bits) === 0 ? result : result | (bits & 0o111)),
    mode,
  );

/**
 * Puts what an image file lists under `files` into a root. Modes are 0600, of directories 0700, symlinks have them too.
 * Directories above that are missing get the owner and mode of the entry, with search permission where it can be read;
 * those that exist are left alone, where LinuxKit resets them.
 *
 * @throws {SlipwayError} SPEC_INVALID
 */
export const putListedFiles = async (root: RootBuilder, context: FilesContext): Promise<void> => {
  for (const [index, file] of context.spec.files.entries()) {
    const where = `files[${index}]`;
    const mode =
      file.mode === undefined || file.mode === ''
        ? file.directory === true
          ? 0o700
          : 0o600
        : Number.parseInt(file.mode, 8) & 0o7777;
    const uid = userNumber(file.uid, context.users, `${where}.uid`);
    const gid = userNumber(file.gid, context.users, `${where}.gid`);
    const parents: ParentAttributes = { mode: forParents(mode), uid, gid };
    const path = file.path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/');
    const common = {
      path,
      mode,
      uid,
      gid,
      mtime: GENERATED_MTIME,
      source: 'linuxkit.files',
      location: where,
    };
    const entry = await entryOf(file, common, context, where);
    if (entry !== undefined && path !== '') root.put(entry, parents);
  }
};

type Common = Pick<TreeEntry, 'path' | 'mode' | 'uid' | 'gid' | 'mtime' | 'source' | 'location'>;

const entryOf = async (
  file: FileEntry,
  common: Common,
  context: FilesContext,
  where: string,
): Promise<TreeEntry | undefined> => {
  if (file.directory === true) return { ...common, type: 'directory' };
  if (file.symlink !== undefined && file.symlink !== '')
    return { ...common, type: 'symlink', target: file.symlink };
  const content = await contentOf(file, context, where);
  return content === undefined ? undefined : { ...common, type: 'file', content };
};
