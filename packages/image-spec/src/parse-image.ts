import { mergeImageFiles } from './merge.ts';
import { parseSpecDocument } from './document.ts';
import { ImageFileText, IMAGE_DEFAULTS, type ImageFile, type PackageSet } from './image-file.ts';
import { problemAt, problemsOf, specError } from './problems.ts';
import { checkImage, type ImagePart } from './check-image.ts';
import { relocate } from './relocate.ts';

const parsePart = (text: string, name: string): ImagePart => {
  const doc = parseSpecDocument(text, name);
  const result = ImageFileText.safeParse(doc.value ?? {});
  if (!result.success) throw specError(problemsOf(doc, ImageFileText, result.error));
  return { doc, text: relocate(doc, result.data) };
};

const withSources = (
  packages: Readonly<Record<string, PackageSet>>,
  debian: PackageSet['debian'],
): Record<string, PackageSet> =>
  Object.fromEntries(
    Object.entries(packages).map(([name, set]) => [
      name,
      set.debian === undefined && debian !== undefined ? { ...set, debian } : set,
    ]),
  );

/**
 * Reads the image files of a class in their order and merges them: kernel fields override, lists append, package sets
 * of the same name replace one another.
 *
 * @param files names are relative to the image repository
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID, COMPONENT_REF_INVALID
 */
export const parseImageFiles = (
  files: readonly { readonly name: string; readonly text: string }[],
): ImageFile => {
  const parts = files.map(({ name, text }) => parsePart(text, name));
  checkImage(parts);
  const merged = mergeImageFiles(parts.map((part) => part.text));
  const { image } = merged.kernel ?? {};
  const last = parts.at(-1);
  if (image === undefined) {
    if (last === undefined) throw new TypeError('parseImageFiles needs at least one file');
    throw specError([problemAt(last.doc, ['kernel'], 'kernel.image is missing: every image needs a kernel')]);
  }
  const services = merged.services ?? [];
  return {
    kernel: { ...merged.kernel, image, cmdline: merged.kernel?.cmdline ?? '' },
    init: merged.init ?? [],
    onboot: merged.onboot ?? [],
    onshutdown: merged.onshutdown ?? [],
    services,
    files: merged.files ?? [],
    packages: withSources(merged.packages ?? {}, merged.debian),
    ...(merged.debian === undefined ? {} : { debian: merged.debian }),
    agent: { enabled: merged.agent?.enabled ?? IMAGE_DEFAULTS.agent.enabled },
    health: {
      v: 1,
      deadline: merged.health?.deadline ?? IMAGE_DEFAULTS.health.deadline,
      stable: merged.health?.stable ?? IMAGE_DEFAULTS.health.stable,
      services: merged.health?.services ?? services.map(({ name }) => name),
      broker: merged.health?.broker ?? IMAGE_DEFAULTS.health.broker,
      probes: merged.health?.probes ?? [],
    },
  };
};
