import type { Path, SpecDocument } from './document.ts';
import type { ImageFileText } from './image-file.ts';
import { problemAt, specError, type Problem } from './problems.ts';
import { parseReference } from './reference.ts';

/** A file that stands alone and is well-formed, with references relative to the image repository. */
export type ImagePart = { readonly doc: SpecDocument; readonly text: ImageFileText };

const SECTIONS = ['onboot', 'onshutdown', 'services'] as const;

type Located = { readonly doc: SpecDocument; readonly path: Path; readonly value: string };

const references = (parts: readonly ImagePart[]): Located[] =>
  parts.flatMap(({ doc, text }) => [
    ...(text.kernel?.image === undefined || text.kernel.image === ''
      ? []
      : [{ doc, path: ['kernel', 'image'], value: text.kernel.image }]),
    ...(text.init ?? []).map((value, index) => ({ doc, path: ['init', index], value })),
    ...(text.volumes ?? []).flatMap(({ image }, index) =>
      image === undefined || image === '' ? [] : [{ doc, path: ['volumes', index, 'image'], value: image }],
    ),
    ...SECTIONS.flatMap((section) =>
      (text[section] ?? []).map(({ image }, index) => ({
        doc,
        path: [section, index, 'image'],
        value: image,
      })),
    ),
  ]);

const names = (parts: readonly ImagePart[], section: (typeof SECTIONS)[number]): Located[] =>
  parts.flatMap(({ doc, text }) =>
    (text[section] ?? []).map(({ name }, index) => ({ doc, path: [section, index, 'name'], value: name })),
  );

const fileKinds = ['directory', 'symlink', 'contents', 'source', 'metadata'] as const;

/**
 * Checks what no single key shows: references to packages and services that do not exist, names used twice, files
 * that say two things at once.
 *
 * @throws {SlipwayError} SPEC_INVALID with every problem found
 */
export const checkImage = (parts: readonly ImagePart[]): void => {
  const problems: Problem[] = [];
  const packages = parts.flatMap(({ text }) => Object.keys(text.packages ?? {}));
  for (const { doc, path, value } of references(parts)) {
    const reference = parseReference(value);
    if (reference.type === 'deb' && !packages.includes(reference.name))
      problems.push(
        problemAt(doc, path, `packages has no ${JSON.stringify(reference.name)}`, {
          found: reference.name,
          allowed: packages,
        }),
      );
  }
  for (const section of SECTIONS) {
    const seen = new Set<string>();
    for (const { doc, path, value } of names(parts, section)) {
      if (seen.has(value))
        problems.push(problemAt(doc, path, `the name ${JSON.stringify(value)} is used twice in ${section}`));
      seen.add(value);
    }
  }
  const services = names(parts, 'services').map(({ value }) => value);
  for (const { doc, text } of parts) {
    for (const [index, name] of (text.health?.services ?? []).entries())
      if (!services.includes(name))
        problems.push(
          problemAt(doc, ['health', 'services', index], `there is no service ${JSON.stringify(name)}`, {
            found: name,
            allowed: services,
          }),
        );
    for (const [index, file] of (text.files ?? []).entries()) {
      const kinds = fileKinds.filter((kind) => file[kind] !== undefined && file[kind] !== false);
      if (kinds.length > 1)
        problems.push(
          problemAt(
            doc,
            ['files', index],
            `expected only one of ${fileKinds.join(', ')}; found ${kinds.join(' and ')}`,
          ),
        );
    }
  }
  if (problems.length > 0) throw specError(problems);
};
