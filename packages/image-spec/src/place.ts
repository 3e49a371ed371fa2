import { posix } from 'node:path';
import type { Path, SpecDocument } from './document.ts';
import { problemAt, type Problem } from './problems.ts';
import { inRepository } from './reference.ts';

export type PathOptions = {
  /**
   * What image files may name on the building machine.
   * - `repository`: what lies within the image repository, and `source` is relative to the image file; for texts that
   *   somebody else has written
   * - `working-directory`: anything; `source` stays as written, relative to the working directory or to home by `~/`, as
   *   LinuxKit has it, and paths of components are relative to the image file
   */
  readonly paths?: 'repository' | 'working-directory' | undefined;
  /**
   * with `working-directory`: the folder that paths of components are made relative to, itself relative to the working
   * directory; absent: the working directory. The folder of the image file makes a build the same from anywhere.
   */
  readonly base?: string | undefined;
  /** what `~/` stands for in paths of components; without it such a path is refused */
  readonly home?: string | undefined;
};

type Place = {
  /** @returns a path relative to the repository or working directory, or an absolute one */
  component(path: string, at: Path): string;
  source(path: string, at: Path): string;
};

/** @param report takes what is wrong with a path, which is then returned as it was */
export const makePlace = (
  doc: SpecDocument,
  { paths = 'repository', base = '.', home }: PathOptions,
  report: (problem: Problem) => void,
): Place => {
  const refuse = (expected: string, path: string, at: Path): string => {
    report(problemAt(doc, at, `expected ${expected}, found ${path}`));
    return path;
  };
  if (paths === 'repository') {
    const inside = (path: string, at: Path): string =>
      inRepository(doc.file, path) ?? refuse('a path inside the image repository', path, at);
    return { component: inside, source: inside };
  }
  return {
    component: (path, at) => {
      if (path.startsWith('~/'))
        return home === undefined
          ? refuse('a path without ~/', path, at)
          : posix.join(home, path.slice('~/'.length));
      if (posix.isAbsolute(path)) return path;
      const joined = posix.join(posix.dirname(doc.file), path);
      return posix.isAbsolute(joined) === posix.isAbsolute(base)
        ? posix.relative(base, joined) || '.'
        : joined;
    },
    source: (path, at) => (path.includes('\0') ? refuse('a path', JSON.stringify(path), at) : path),
  };
};
