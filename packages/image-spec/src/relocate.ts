import { messageOf } from '@slipway/protocol';
import type { DebianSource } from './debian-source.ts';
import type { Path, SpecDocument } from './document.ts';
import type { ImageFileText } from './image-file.ts';
import { makePlace, type PathOptions } from './place.ts';
import { problemAt, specError, type Problem } from './problems.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';

/**
 * Makes component references and file sources relative to the image repository, or to the working directory, instead of
 * the file they stand in. References to registries stay as they are written.
 *
 * @throws {SlipwayError} COMPONENT_REF_INVALID, SPEC_INVALID with every problem found
 */
export const relocate = (
  doc: SpecDocument,
  text: ImageFileText,
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
  const moved = { ...text };
  if (text.kernel?.image !== undefined && text.kernel.image !== '')
    moved.kernel = { ...text.kernel, image: reference(text.kernel.image, ['kernel', 'image']) };
  if (text.init !== undefined) moved.init = text.init.map((ref, index) => reference(ref, ['init', index]));
  if (text.volumes !== undefined)
    moved.volumes = text.volumes.map((volume, index) =>
      volume.image === undefined || volume.image === ''
        ? volume
        : { ...volume, image: reference(volume.image, ['volumes', index, 'image']) },
    );
  for (const section of ['onboot', 'onshutdown', 'services'] as const) {
    const containers = text[section];
    if (containers !== undefined)
      moved[section] = containers.map((container, index) => ({
        ...container,
        image: reference(container.image, [section, index, 'image']),
      }));
  }
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
