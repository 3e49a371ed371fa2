import type { Content, TreeEntry } from '@slipway/components';

/** Seconds of 2017-04-18T16:30:00Z, the time of everything that LinuxKit makes itself. */
export const GENERATED_MTIME = 1_492_533_000;

/** Who put an entry there: the image, and the place of the image file that asks for it. */
export type Origin = { readonly source: string; readonly location: string };

/** An entry of a component in the place of an image file that asks for it; which part of the component it was stays known. */
export const fromComponent = (entry: TreeEntry, origin: Origin): TreeEntry => ({
  ...entry,
  part: entry.part ?? entry.source,
  ...origin,
});

const common = (path: string, mode: number, { source, location }: Origin) => ({
  path,
  mode,
  uid: 0,
  gid: 0,
  mtime: GENERATED_MTIME,
  source,
  location,
});

export const directory = (path: string, origin: Origin): TreeEntry => ({
  ...common(path, 0o755, origin),
  type: 'directory',
});

export const file = (path: string, content: Content | string, origin: Origin): TreeEntry => ({
  ...common(path, 0o644, origin),
  type: 'file',
  content: typeof content === 'string' ? new TextEncoder().encode(content) : content,
});

export const symlink = (path: string, target: string, mode: number, origin: Origin): TreeEntry => ({
  ...common(path, mode, origin),
  type: 'symlink',
  target,
});
