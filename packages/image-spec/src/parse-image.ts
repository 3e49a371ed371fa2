import { mergeImageFiles } from './merge.ts';
import { parseSpecDocument } from './document.ts';
import { ImageFileText, IMAGE_DEFAULTS, type ImageFile } from './image-file.ts';
import type { PackageSet } from './package-set.ts';
import { problemsOf, specError } from './problems.ts';
import { checkImage } from './check-image.ts';
import { withoutEmptyTexts } from './empty-texts.ts';
import type { ImagePart } from './image-part.ts';
import type { PathOptions } from './place.ts';
import { relocate } from './relocate.ts';
import type { SpecDocument } from './document.ts';
import { fillVariables, type VariableValues } from './variables.ts';

export type ImageOptions = PathOptions & {
  /** of the files' variables; others keep what the files say */
  readonly variables?: VariableValues | undefined;
  /** of a file that no class uses yet: its variables may be without a value */
  readonly mayLackValues?: boolean | undefined;
};

/** @throws {SlipwayError} SPEC_INVALID, COMPONENT_REF_INVALID */
export const parsePart = (written: SpecDocument, options: ImageOptions): ImagePart => {
  const doc = fillVariables(written, options.variables ?? {}, options.mayLackValues);
  const result = ImageFileText.safeParse(withoutEmptyTexts(doc.value) ?? {});
  if (!result.success) throw specError(problemsOf(doc, ImageFileText, result.error));
  return { doc, text: relocate(doc, result.data, options) };
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

export type Text = { readonly name: string; readonly text: string };

/**
 * Image files one by one, checked together: for whoever has to tell where something stands.
 *
 * @throws {SlipwayError} as `parseImageFiles`
 */
export const parseImageParts = (files: readonly Text[], options: ImageOptions = {}): ImagePart[] => {
  const parts = files.map(({ name, text }) => parsePart(parseSpecDocument(text, name), options));
  checkImage(parts);
  return parts;
};

/**
 * Reads the image files of a class in their order and merges them: kernel fields override, lists append, package sets
 * of the same name replace one another.
 *
 * @param files names are relative to the image repository, or to the working directory; `-` names standard input
 * @throws {SlipwayError} SPEC_SYNTAX, SPEC_INVALID, COMPONENT_REF_INVALID
 */
export const parseImageFiles = (files: readonly Text[], options: ImageOptions = {}): ImageFile =>
  mergeParts(parseImageParts(files, options));

/** Parts as one image, with defaults filled in. */
export const mergeParts = (parts: readonly ImagePart[]): ImageFile => {
  const merged = mergeImageFiles(parts.map((part) => part.text));
  const { image } = merged.kernel ?? {};
  const services = merged.services ?? [];
  return {
    ...(image === undefined || image === ''
      ? {}
      : { kernel: { ...merged.kernel, image, cmdline: merged.kernel?.cmdline ?? '' } }),
    init: merged.init ?? [],
    volumes: merged.volumes ?? [],
    onboot: merged.onboot ?? [],
    onshutdown: merged.onshutdown ?? [],
    services,
    files: merged.files ?? [],
    dockerfiles: merged.dockerfiles ?? {},
    packages: withSources(merged.packages ?? {}, merged.debian),
    ...(merged.debian === undefined ? {} : { debian: merged.debian }),
    deviceNodes: merged.deviceNodes ?? [],
    agent: {
      enabled: merged.agent?.enabled ?? IMAGE_DEFAULTS.agent.enabled,
      runtime: merged.agent?.runtime ?? IMAGE_DEFAULTS.agent.runtime,
      ...(merged.agent?.timeZone === undefined ? {} : { timeZone: merged.agent.timeZone }),
      ...(merged.agent?.remoteRollback === undefined ? {} : { remoteRollback: merged.agent.remoteRollback }),
    },
    modules: merged.modules ?? [],
    health: {
      v: 1,
      deadline: merged.health?.deadline ?? IMAGE_DEFAULTS.health.deadline,
      stable: merged.health?.stable ?? IMAGE_DEFAULTS.health.stable,
      services: merged.health?.services ?? services.map(({ name }) => name),
      broker: merged.health?.broker ?? IMAGE_DEFAULTS.health.broker,
      probes: merged.health?.probes ?? [],
      ...(merged.health?.resources === undefined ? {} : { resources: merged.health.resources }),
    },
    link: merged.link ?? {},
    diagnostics: merged.diagnostics ?? [],
  };
};
