import type { TarEntry } from '../tar-reader.ts';

/** What a rule makes of itself; owned by root. */
const made = {
  uid: 0,
  gid: 0,
  major: 0,
  minor: 0,
  xattrs: new Map<string, Uint8Array>(),
  linkName: '',
} as const;

export const symlinkEntry = (name: string, linkName: string, mtime = 0): TarEntry => ({
  ...made,
  name,
  type: 'symlink',
  mode: 0o777,
  mtime,
  linkName,
  content: new Uint8Array(),
});

export const fileEntry = (name: string, content: Uint8Array, mtime: number): TarEntry => ({
  ...made,
  name,
  type: 'file',
  mode: 0o644,
  mtime,
  content,
});
