import { ARCHITECTURES } from '@slipway/protocol';
import { createGlob } from '../../glob.ts';
import type { TreeEntry } from '../../tree.ts';
import { fileEntry } from '../made-entry.ts';
import { compareLibraries, encodeLdCache, type CachedLibrary } from './ld-cache-file.ts';
import { byCode, newest, textAt, type Rule, type Scene } from './scene.ts';
import { sonameOf } from './shared-library.ts';

const LOADER = /^usr\/lib(?:64)?\/(?:[^/]+\/)?(?:ld-linux-[^/]+|ld64)\.so\.\d+$/;
const LIBRARY = /^(?:lib|ld-)(?!.*-gdb\.py$).*\.so/;
const MAX_INCLUDES = 100;

/** Directories of a configuration file, and of those that it includes. */
const configured = (scene: Scene, path: string, seen: Set<string>): string[] => {
  if (seen.has(path) || seen.size > MAX_INCLUDES) return [];
  seen.add(path);
  return (textAt(scene, path) ?? '').split('\n').flatMap((raw) => {
    const line = raw.replace(/#.*$/, '').trim();
    const pattern = /^include\s+(.+)$/.exec(line)?.[1];
    if (pattern === undefined) return line.startsWith('/') ? [line.slice(1).replace(/\/+$/, '')] : [];
    const from = pattern.startsWith('/') ? pattern.slice(1) : `etc/${pattern}`;
    const isIncluded = createGlob([from]);
    return [...scene.kept]
      .filter(isIncluded)
      .sort(byCode)
      .flatMap((file) => configured(scene, file, seen));
  });
};

/** `lib/x` is `usr/lib/x`. */
const mergedUsr = (path: string): string => path.replace(/^(?=lib(?:64)?(?:\/|$))/, 'usr/');

/** In the order in which they are searched, each once, however often it is named. */
const directoriesOf = (scene: Scene): string[] => {
  const { triplet } = ARCHITECTURES[scene.arch];
  const named = [
    ...configured(scene, 'etc/ld.so.conf', new Set()),
    `lib/${triplet}`,
    `usr/lib/${triplet}`,
    'lib',
    'usr/lib',
  ];
  const byReal = new Map<string, string>();
  for (const path of named) if (!byReal.has(mergedUsr(path))) byReal.set(mergedUsr(path), path);
  return [...byReal.values()];
};

type Found = { readonly name: string; readonly isLink: boolean };

const follow = (scene: Scene, path: string): TreeEntry | undefined => {
  let at = path;
  for (let hops = 0; hops < 40; hops += 1) {
    const entry = scene.kept.has(at) ? scene.entries.get(at) : undefined;
    if (entry?.type !== 'symlink') return entry;
    const start = entry.target.startsWith('/') ? [] : at.split('/').slice(0, -1);
    for (const part of entry.target.split('/'))
      if (part === '..') start.pop();
      else if (part !== '' && part !== '.') start.push(part);
    at = mergedUsr(start.join('/'));
  }
  return undefined;
};

/** A link that is the library's name, or that compilers use, is listed by its own name; another one by the library's. */
const isListedLink = (name: string, soname: string): boolean =>
  name === soname || (name.endsWith('.so') && soname.startsWith(name));

const librariesIn = (scene: Scene, directory: string, names: readonly string[]): CachedLibrary[] => {
  const found = new Map<string, Found>();
  for (const name of names) {
    const path = `${mergedUsr(directory)}/${name}`;
    const file = follow(scene, path);
    if (file?.type !== 'file') continue;
    const own = sonameOf(file.content, scene.arch);
    if (own === undefined) continue;
    const soname = own === '' ? name : own;
    const isLink = scene.entries.get(path)?.type === 'symlink' && isListedLink(name, soname);
    const listed = isLink ? name : soname;
    const other = found.get(listed);
    const isBetter =
      other === undefined ||
      (!isLink && other.isLink) ||
      (isLink === other.isLink && compareLibraries(other.name, name) < 0);
    if (isBetter) found.set(listed, { name, isLink });
  }
  // What has no entry of that name would be a link that ldconfig makes; packages bring theirs.
  return [...found.keys()]
    .filter((name) => scene.kept.has(`${mergedUsr(directory)}/${name}`))
    .map((name) => ({ name, path: `/${directory}/${name}` }));
};

/** What ldconfig(8) writes, read from the libraries themselves, so that it can be made for another architecture. */
export const ldCache: Rule = {
  needs: 'the dynamic loader among the files that stay; install libc6, or leave it out of exclude',
  make(scene) {
    const loaders = [...scene.kept].filter((path) => LOADER.test(path));
    if (loaders.length === 0) return undefined;
    const names = new Map<string, string[]>();
    for (const path of scene.kept) {
      const slash = path.lastIndexOf('/');
      const name = path.slice(slash + 1);
      if (!LIBRARY.test(name)) continue;
      const directory = path.slice(0, slash);
      names.set(directory, [...(names.get(directory) ?? []), name]);
    }
    const libraries = directoriesOf(scene).flatMap((directory) =>
      librariesIn(scene, directory, (names.get(mergedUsr(directory)) ?? []).sort(byCode)),
    );
    const mtime = newest(
      [...scene.kept].flatMap((path) =>
        LIBRARY.test(path.slice(path.lastIndexOf('/') + 1)) ? (scene.entries.get(path) ?? []) : [],
      ),
    );
    return [fileEntry('etc/ld.so.cache', encodeLdCache(libraries, scene.arch), mtime)];
  },
};
