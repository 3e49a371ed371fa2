import { posix } from 'node:path';
import { formatReference, parseClassImage, parseReference, type ImageFile } from '@slipway/image-spec';
import { LOCK_FILE } from '@slipway/lock';
import type { TriggerRule } from '@slipway/protocol';
import type { Snapshot } from '../image-repository.ts';

/** What a class is made of, as far as it lies in its image repository. */
export type ClassInputs = {
  readonly spec: ImageFile;
  /** files and folders, from the root of the repository */
  readonly paths: readonly string[];
  /** images of registries by tag, in their canonical form */
  readonly images: readonly string[];
};

const referencesOf = (spec: ImageFile): string[] =>
  [
    spec.kernel?.image,
    ...spec.init,
    ...[...spec.volumes, ...spec.onboot, ...spec.onshutdown, ...spec.services].map(({ image }) => image),
  ].flatMap((text) => (text === undefined || text === '' ? [] : [text]));

const inside = (path: string): string => posix.normalize(path).replace(/^\.\//, '').replace(/\/$/, '');

export const inputsOfClass = ({ classFile, imageFiles }: Snapshot): ClassInputs => {
  const { spec } = parseClassImage({ classFile, imageFiles });
  const references = referencesOf(spec).map(parseReference);
  const keyrings = [
    ...(spec.debian ?? []),
    ...Object.values(spec.packages).flatMap(({ debian }) => debian ?? []),
  ].flatMap(({ keyring }) => (keyring === undefined ? [] : [keyring]));
  const sources = spec.files.flatMap((file) =>
    'source' in file && typeof file.source === 'string' ? [file.source] : [],
  );
  return {
    spec,
    paths: [
      classFile.name,
      ...imageFiles.map(({ name }) => name),
      LOCK_FILE,
      ...references.flatMap((reference) => ('path' in reference ? [reference.path] : [])),
      ...keyrings,
      ...Object.values(spec.dockerfiles).map(({ context }) => context),
      ...sources,
    ].map(inside),
    images: references.flatMap((reference) =>
      reference.type !== 'registry' || reference.digest !== undefined ? [] : [formatReference(reference)],
    ),
  };
};

const matches = (path: string, globs: readonly string[]): boolean =>
  globs.some((glob) => posix.matchesGlob(path, glob));

/**
 * Files of a push that count for a class.
 *
 * @param changed undefined: it is not known what changed
 * @returns undefined: it is not known, so the class is built
 */
export const filesThatCount = (
  changed: readonly string[] | undefined,
  inputs: Pick<ClassInputs, 'paths'>,
  { paths }: Pick<TriggerRule, 'paths'>,
): string[] | undefined =>
  changed?.filter(
    (path) =>
      !matches(path, paths?.exclude ?? []) &&
      (inputs.paths.some((own) => path === own || path.startsWith(`${own}/`)) ||
        matches(path, paths?.include ?? [])),
  );

/** The entry of a rule that a branch is built by; undefined: it is not built. */
export const branchRule = (
  { branches }: Pick<TriggerRule, 'branches'>,
  branch: string,
  usual: string,
): NonNullable<TriggerRule['branches']>[number] | undefined =>
  branches === undefined
    ? branch === usual
      ? { match: usual }
      : undefined
    : branches.find(({ match }) => match === branch || posix.matchesGlob(branch, match));

/** Of the images of a class those that were pushed. */
export const imagesThatMatch = (
  image: string,
  inputs: Pick<ClassInputs, 'images'>,
  globs: readonly string[] | undefined,
): string[] => {
  let canonical: string;
  try {
    canonical = formatReference(parseReference(image));
  } catch {
    return [];
  }
  if (globs !== undefined) return matches(image, globs) || matches(canonical, globs) ? [canonical] : [];
  return inputs.images.filter((own) => own === canonical);
};
