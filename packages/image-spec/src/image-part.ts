import type { Container } from './container.ts';
import type { Path, SpecDocument } from './document.ts';
import type { ImageFileText } from './image-file.ts';

/** A file that stands alone and is well-formed, with references relative to the image repository. */
export type ImagePart = { readonly doc: SpecDocument; readonly text: ImageFileText };

/** A value and where it stands. */
export type Located<T> = { readonly doc: SpecDocument; readonly path: Path; readonly value: T };

export const SECTIONS = ['onboot', 'onshutdown', 'services'] as const;
export type Section = (typeof SECTIONS)[number];

/** The entries of one list over all files. */
export const listed = <K extends 'volumes' | 'files' | 'diagnostics' | Section>(
  parts: readonly ImagePart[],
  key: K,
): Located<NonNullable<ImageFileText[K]>[number]>[] =>
  parts.flatMap(({ doc, text }) => {
    const list: readonly NonNullable<ImageFileText[K]>[number][] = text[key] ?? [];
    return list.map((value, index) => ({ doc, path: [key, index], value }));
  });

/** Every container of an image, in the order in which they are numbered. */
export const containers = (parts: readonly ImagePart[]): Located<Container>[] =>
  SECTIONS.flatMap((section) => listed(parts, section));

/** A part of a located value. */
export const below = <T>({ doc, path }: Located<unknown>, keys: Path, value: T): Located<T> => ({
  doc,
  path: [...path, ...keys],
  value,
});
