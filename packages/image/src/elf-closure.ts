import type { Tree } from '@slipway/components';
import { ARCHITECTURES, SlipwayError } from '@slipway/protocol';
import { elfNeeds } from './elf.ts';
import { bytesAt, resolvePath } from './resolve-path.ts';

/** Where a loader of Debian looks without being told. */
const LIBRARY_FOLDERS = [
  ...['usr/lib', 'lib'].flatMap((folder) =>
    Object.values(ARCHITECTURES).map(({ triplet }) => `${folder}/${triplet}`),
  ),
  'usr/lib',
  'lib',
];

/** The folder of a library; the last of all where it is in none. */
export const libraryFolder = (tree: Tree, name: string): string =>
  LIBRARY_FOLDERS.find((folder) => tree.has(`${folder}/${name}`)) ?? 'usr/lib';

/** The file at a path and the links on the way to it; nothing if there is no such file. */
const fileAndLinks = (tree: Tree, path: string): string[] => {
  const links: string[] = [];
  const file = resolvePath(tree, path, (link) => links.push(link));
  return file === undefined || !tree.has(file) ? [] : [...links, file];
};

/**
 * Programs with everything they load: the loader, libraries, libraries of libraries, and the links by which those are found.
 * What a program loads by `dlopen` must be named like a program.
 *
 * @param isRefused whether a file does without a library that it is linked with
 * @returns paths of files and links, without directories
 * @throws {SlipwayError} COMPONENT_INVALID if a program or one of its libraries is not there
 */
export const elfClosure = (
  tree: Tree,
  programs: readonly string[],
  isRefused: (library: string, by: string) => boolean = () => false,
): Set<string> => {
  const kept = new Set<string>();
  const pending: { readonly places: readonly string[]; readonly what: string }[] = programs.map((path) => ({
    places: [path],
    what: path,
  }));
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { what } = next;
    const found = next.places.map((place) => fileAndLinks(tree, place)).find(({ length }) => length > 0);
    const file = found?.at(-1);
    if (found === undefined || file === undefined)
      throw new SlipwayError(
        'COMPONENT_INVALID',
        `expected ${what} in the packages of the system, which is not there`,
        { details: { missing: what } },
      );
    const isNew = !kept.has(file);
    for (const path of found) kept.add(path);
    if (!isNew) continue;
    const { interpreter, libraries } = elfNeeds(bytesAt(tree, file) ?? new Uint8Array());
    if (interpreter !== undefined)
      pending.push({ places: [interpreter.slice(1), `usr${interpreter}`], what: interpreter });
    for (const name of libraries.filter((library) => !isRefused(library, file)))
      pending.push({
        places: LIBRARY_FOLDERS.map((folder) => `${folder}/${name}`),
        what: `library ${name}`,
      });
  }
  return kept;
};
