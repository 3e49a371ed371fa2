import { gzipSync } from 'node:zlib';
import type { ContentsEntry, ContentsHead } from '@slipway/protocol';

/** A list of files as a build worker writes it: paths with the component of each; a file holds as many bytes as its path. */
export const contentsOf = (files: Readonly<Record<string, string>>): Buffer => {
  const components = [...new Set(Object.values(files))];
  const head: ContentsHead = {
    v: 1,
    origins: components.map((component) => ({ component, source: component })),
  };
  const entries = new Map<string, ContentsEntry>();
  for (const [path, component] of Object.entries(files)) {
    const from = components.indexOf(component);
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/');
      if (!entries.has(folder)) entries.set(folder, { path: folder, type: 'directory', mode: '755', from });
    }
    entries.set(path, { path, type: 'file', mode: '644', from, size: path.length });
  }
  const lines = [head, ...[...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1))];
  return gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
};
