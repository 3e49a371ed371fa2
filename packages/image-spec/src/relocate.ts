import { messageOf } from '@slipway/protocol';
import type { z } from 'zod';
import type { ContainerText as ContainerSchema } from './container.ts';
import type { DebianSource } from './debian-source.ts';
import type { Path, SpecDocument } from './document.ts';
import { inlineName, type DockerfileBuild, type InlineBuild } from './dockerfile-build.ts';
import type { ImageFileText, WrittenImageFile } from './image-file.ts';
import type { Section } from './image-part.ts';
import { makePlace, type PathOptions } from './place.ts';
import { problemAt, specError, type Problem } from './problems.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';

type ContainerText = z.infer<typeof ContainerSchema>;

/**
 * Makes component references and file sources relative to the image repository, or to the working directory, instead of
 * the file they stand in. References to registries stay as they are written. What `build` says becomes an entry of
 * `dockerfiles` that the component refers to.
 *
 * @throws {SlipwayError} COMPONENT_REF_INVALID, SPEC_INVALID with every problem found
 */
export const relocate = (
  doc: SpecDocument,
  text: WrittenImageFile,
  options: PathOptions = {},
): ImageFileText => {
  const problems: Problem[] = [];
  const malformed: Problem[] = [];
  const place = makePlace(doc, options, (problem) => void problems.push(problem));
  const parsed = (ref: string, at: Path): Reference | undefined => {
    try {
      return parseReference(ref);
    } catch (error) {
      malformed.push(problemAt(doc, at, messageOf(error)));
      return undefined;
    }
  };
  const reference = (ref: string, at: Path): string => {
    const written = parsed(ref, at);
    return written !== undefined && 'path' in written
      ? formatReference({ ...written, path: place.component(written.path, at) })
      : ref;
  };
  const relocated = (build: DockerfileBuild, at: Path): DockerfileBuild => ({
    ...build,
    context: place.component(build.context, [...at, 'context']),
    ...(build.contexts === undefined
      ? {}
      : {
          contexts: Object.fromEntries(
            Object.entries(build.contexts).map(([name, ref]) => [
              name,
              reference(ref, [...at, 'contexts', name]),
            ]),
          ),
        }),
  });
  const dockerfiles = Object.fromEntries(
    Object.entries(text.dockerfiles ?? {}).map(([name, build]) => [
      name,
      relocated(build, ['dockerfiles', name]),
    ]),
  );
  /** The reference of an entry that may have a `build` instead. */
  const component = (
    { image, build }: { readonly image?: string | undefined; readonly build?: InlineBuild | undefined },
    at: Path,
  ): string | undefined => {
    if (build === undefined)
      return image === undefined || image === '' ? image : reference(image, [...at, 'image']);
    if (image !== undefined)
      problems.push(problemAt(doc, [...at, 'build'], 'expected image or build, found both'));
    const full = relocated(typeof build === 'string' ? { context: build } : build, [...at, 'build']);
    const name = inlineName(full);
    dockerfiles[name] = full;
    return `dockerfile:${name}`;
  };
  const { kernel, volumes, onboot, onshutdown, services, ...rest } = text;
  const moved: ImageFileText = { ...rest };
  const containers = (section: Section, list: readonly ContainerText[] | undefined): void => {
    if (list === undefined) return;
    moved[section] = list.map(({ build, ...container }, index) => {
      const at = [section, index];
      const image = component({ ...container, build }, at);
      if (image === undefined)
        problems.push(problemAt(doc, [...at, 'image'], 'is missing: expected a text, or build instead'));
      return { ...container, image: image ?? '' };
    });
  };
  if (kernel !== undefined) {
    const { build, ...others } = kernel;
    const image = component({ ...others, build }, ['kernel']);
    moved.kernel = { ...others, ...(image === undefined ? {} : { image }) };
  }
  if (text.init !== undefined) moved.init = text.init.map((ref, index) => reference(ref, ['init', index]));
  if (volumes !== undefined)
    moved.volumes = volumes.map(({ build, ...volume }, index) => {
      const image = component({ ...volume, build }, ['volumes', index]);
      return image === undefined ? volume : { ...volume, image };
    });
  containers('onboot', onboot);
  containers('onshutdown', onshutdown);
  containers('services', services);
  if (Object.keys(dockerfiles).length > 0) moved.dockerfiles = dockerfiles;
  if (text.files !== undefined)
    moved.files = text.files.map((file, index) =>
      file.source === undefined
        ? file
        : { ...file, source: place.source(file.source, ['files', index, 'source']) },
    );
  const sources = (list: readonly DebianSource[], at: Path): DebianSource[] =>
    list.map((item, index) =>
      item.keyring === undefined
        ? item
        : { ...item, keyring: place.component(item.keyring, [...at, index, 'keyring']) },
    );
  if (text.debian !== undefined) moved.debian = sources(text.debian, ['debian']);
  if (text.packages !== undefined)
    moved.packages = Object.fromEntries(
      Object.entries(text.packages).map(([name, set]) => [
        name,
        set.debian === undefined
          ? set
          : { ...set, debian: sources(set.debian, ['packages', name, 'debian']) },
      ]),
    );
  if (malformed.length > 0) throw specError([...malformed, ...problems], 'COMPONENT_REF_INVALID');
  if (problems.length > 0) throw specError(problems);
  return moved;
};
