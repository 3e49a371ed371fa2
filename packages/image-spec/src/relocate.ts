import { messageOf } from '@slipway/protocol';
import type { DebianSource } from './debian-source.ts';
import type { Path, SpecDocument } from './document.ts';
import type { ImageFileText } from './image-file.ts';
import { problemAt, specError } from './problems.ts';
import { formatReference, inRepository, parseReference, type Reference } from './reference.ts';

/**
 * Makes component references and file sources relative to the image repository instead of the file they stand in.
 *
 * @throws {SlipwayError} COMPONENT_REF_INVALID, SPEC_INVALID
 */
export const relocate = (doc: SpecDocument, text: ImageFileText): ImageFileText => {
  const inside = (path: string, at: Path): string => {
    const moved = inRepository(doc.file, path);
    if (moved === undefined)
      throw specError([problemAt(doc, at, `expected a path inside the image repository, found ${path}`)]);
    return moved;
  };
  const parsed = (ref: string, at: Path): Reference => {
    try {
      return parseReference(ref);
    } catch (error) {
      throw specError([problemAt(doc, at, messageOf(error))], 'COMPONENT_REF_INVALID');
    }
  };
  const reference = (ref: string, at: Path): string => {
    const written = parsed(ref, at);
    return formatReference(written.type === 'oci' ? { ...written, path: inside(written.path, at) } : written);
  };
  const moved = { ...text };
  if (text.kernel?.image !== undefined)
    moved.kernel = { ...text.kernel, image: reference(text.kernel.image, ['kernel', 'image']) };
  if (text.init !== undefined) moved.init = text.init.map((ref, index) => reference(ref, ['init', index]));
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
      file.source === undefined ? file : { ...file, source: inside(file.source, ['files', index, 'source']) },
    );
  const sources = (list: readonly DebianSource[], at: Path): DebianSource[] =>
    list.map((item, index) =>
      item.keyring === undefined
        ? item
        : { ...item, keyring: inside(item.keyring, [...at, index, 'keyring']) },
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
