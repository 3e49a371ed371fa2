import { fileEntry } from '../made-entry.ts';
import { byCode, newest, textAt, type Rule } from './scene.ts';

const TEMPLATE = 'usr/share/debianutils/shells';
const FOLDER = 'usr/share/debianutils/shells.d/';
const TARGET = 'etc/shells';

const pathsIn = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*$/, ''))
    .filter((path) => path !== '');

/** What update-shells(8) writes: the shells of every package, under both names of the merged `/usr`. */
export const shells: Rule = {
  needs: `${TEMPLATE} or files in ${FOLDER}; install debianutils`,
  make(scene) {
    const files = [
      ...(scene.entries.has(TEMPLATE) ? [TEMPLATE] : []),
      ...[...scene.entries.keys()].filter((path) => path.startsWith(FOLDER)).sort(byCode),
    ].filter((path) => scene.entries.get(path)?.type === 'file');
    if (files.length === 0) return undefined;
    const own = textAt(scene, TARGET) ?? textAt(scene, TEMPLATE) ?? '';
    const listed = new Set<string>();
    const lines = own
      .replace(/\n$/, '')
      .split('\n')
      .filter((line) => {
        const [path = ''] = pathsIn(line);
        const isNew = path === '' || !listed.has(path);
        if (path !== '') listed.add(path);
        return isNew;
      });
    for (const file of files)
      for (const path of pathsIn(textAt(scene, file) ?? ''))
        for (const name of [path, path.replace(/^(?=\/s?bin\/)/, '/usr')])
          if (!listed.has(name)) {
            listed.add(name);
            lines.push(name);
          }
    const mtime = newest(files.flatMap((path) => scene.entries.get(path) ?? []));
    return [fileEntry(TARGET, Buffer.from(`${lines.join('\n')}\n`), mtime)];
  },
};
