import { fileEntry } from '../made-entry.ts';
import { byCode, newest, textAt, type Rule } from './scene.ts';
import { parseSysusers } from './sysusers-lines.ts';
import { addSystemUsers } from './user-database.ts';

const MASTER = { passwd: 'usr/share/base-passwd/passwd.master', group: 'usr/share/base-passwd/group.master' };
/** The one that comes first hides files of the same name in the others. */
const FOLDERS = ['etc/sysusers.d/', 'usr/local/lib/sysusers.d/', 'usr/lib/sysusers.d/'];

const configurations = (paths: Iterable<string>): string[] => {
  const byName = new Map<string, { readonly path: string; readonly rank: number }>();
  for (const path of paths) {
    const rank = FOLDERS.findIndex((folder) => path.startsWith(folder));
    const name = path.slice(FOLDERS[rank]?.length);
    if (rank < 0 || !/^[^/]+\.conf$/.test(name)) continue;
    if (rank < (byName.get(name)?.rank ?? Infinity)) byName.set(name, { path, rank });
  }
  return [...byName].sort(([a], [b]) => byCode(a, b)).map(([, { path }]) => path);
};

/**
 * The users and groups that base-passwd brings and that sysusers.d(5) of the packages asks for. There is no
 * `etc/shadow`: nobody logs in by a password that everybody can read in the image.
 */
export const users: Rule = {
  needs: 'base-passwd or files in usr/lib/sysusers.d',
  make(scene) {
    const files = configurations(scene.entries.keys());
    const hasMaster = scene.entries.has(MASTER.passwd) && scene.entries.has(MASTER.group);
    if (files.length === 0 && !hasMaster) return undefined;
    const lines = files.flatMap((path) => parseSysusers(textAt(scene, path) ?? '', path));
    const database = addSystemUsers(
      {
        passwd: textAt(scene, 'etc/passwd') ?? textAt(scene, MASTER.passwd) ?? '',
        group: textAt(scene, 'etc/group') ?? textAt(scene, MASTER.group) ?? '',
      },
      lines,
      (path) => scene.entries.get(path),
    );
    const inputs = [...files, MASTER.passwd, MASTER.group, 'etc/passwd', 'etc/group'];
    const mtime = newest(inputs.flatMap((path) => scene.entries.get(path) ?? []));
    return [
      fileEntry('etc/passwd', Buffer.from(database.passwd), mtime),
      fileEntry('etc/group', Buffer.from(database.group), mtime),
    ];
  },
};
