import { containers, listed, type ImagePart, type Located } from './image-part.ts';
import { problemAt, type Problem } from './problems.ts';
import { parseReference } from './reference.ts';

const references = (parts: readonly ImagePart[]): Located<string>[] =>
  [
    ...parts.flatMap(({ doc, text }) => [
      { doc, path: ['kernel', 'image'], value: text.kernel?.image },
      ...(text.init ?? []).map((value, index) => ({ doc, path: ['init', index], value })),
    ]),
    ...[...listed(parts, 'volumes'), ...containers(parts)].map(({ doc, path, value }) => ({
      doc,
      path: [...path, 'image'],
      value: value.image,
    })),
  ].flatMap(({ value, ...where }) => (value === undefined || value === '' ? [] : [{ ...where, value }]));

/** Package sets that are used must be declared. */
export const checkReferences = (parts: readonly ImagePart[]): Problem[] => {
  const packages = parts.flatMap(({ text }) => Object.keys(text.packages ?? {}));
  return references(parts).flatMap(({ doc, path, value }): Problem[] => {
    const reference = parseReference(value);
    return reference.type !== 'deb' || packages.includes(reference.name)
      ? []
      : [
          problemAt(doc, path, `packages has no ${JSON.stringify(reference.name)}`, {
            found: reference.name,
            allowed: packages,
          }),
        ];
  });
};
