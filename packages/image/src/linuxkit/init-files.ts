import { readContent, type Component, type Content, type TreeEntry } from '@slipway/components';
import { fileAt } from '../resolve-path.ts';
import type { Origin } from './generated.ts';
import { imageName } from './image-name.ts';
import { imageTree } from './image-tree.ts';

/** Where name servers are written at boot: the root itself is not writable. */
export const RESOLV_CONF = '/run/resolvconf/resolv.conf';

const APK_DATABASE = 'lib/apk/db/installed';

/** The files of one image of `init`, for the root. */
export const initFiles = (ref: string, index: number, { tree }: Component): TreeEntry[] => {
  const origin: Origin = { source: imageName(ref), location: `init[${index}]` };
  return imageTree(tree, { ...origin, resolvConf: RESOLV_CONF });
};

const concat = (databases: readonly Content[]): Uint8Array =>
  Buffer.concat(databases.flatMap((database) => [readContent(database), Buffer.from('\n\n')]));

/**
 * The packages that Alpine knows to be installed, of all `init` images together: without this the last image's database
 * would hide the others. LinuxKit gives the file no time.
 */
export const apkDatabase = (components: readonly Component[]): TreeEntry[] => {
  const databases = components.flatMap(({ tree }) =>
    tree.has(APK_DATABASE) ? (fileAt(tree, APK_DATABASE)?.content ?? []) : [],
  );
  if (databases.length < 2) return [];
  return [
    {
      path: APK_DATABASE,
      type: 'file',
      content: new Uint8Array(concat(databases)),
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      source: 'LINUXKIT.apkinit',
      location: 'init',
    },
  ];
};
