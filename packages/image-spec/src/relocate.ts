import { messageOf } from '@slipway/protocol';
import type { DebianSource } from './debian-source.ts';
import type { Path, SpecDocument } from './document.ts';
import type { ImageFileText } from './image-file.ts';
import { makePlace, type PathOptions } from './place.ts';
import { problemAt, specError } from './problems.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';

/**
 * Makes component references and file sources relative to the image repository, or to the working directory, instead of
 * the file they stand in. References to registries stay as they are written.
 *
 * @throws {SlipwayError} COMPONENT_REF_INVALID, SPEC_INVALID
 */
export const relocate = (
  doc: SpecDocument,
  text: ImageFileText,
  options: PathOptions = {},
): ImageFileText => {
  const place = makePlace(doc, options);
  const parsed = (ref: string, at: Path): Reference => {
    try {
      return parseReference(ref);
    } catch (error) {
      throw specError([problemAt(doc, at, messageOf(error))], 'COMPONENT_REF_INVALID');
    }
  };
  const reference = (ref: string, at: Path): string => {
    const written = parsed(ref, at);
    return 'path' in written ? formatReference({ ...written, path: place.component(written.path, at) }) : ref;
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
  return moved;
};
