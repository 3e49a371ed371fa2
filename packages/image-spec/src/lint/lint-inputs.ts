import type { ImagePart } from '../image-part.ts';
import { listed, SECTIONS } from '../image-part.ts';
import type { Path, SpecDocument } from '../document.ts';
import { parseReference } from '../reference.ts';
import { finding, type Finding } from './finding.ts';

type Named = { readonly doc: SpecDocument; readonly path: Path; readonly ref: string };

/** Every component that the files name, where they name it. */
const references = (parts: readonly ImagePart[]): Named[] => [
  ...parts.flatMap(({ doc, text }) => {
    const image = text.kernel?.image ?? '';
    return image === '' ? [] : [{ doc, path: ['kernel', 'image'], ref: image }];
  }),
  ...parts.flatMap(({ doc, text }) => (text.init ?? []).map((ref, at) => ({ doc, path: ['init', at], ref }))),
  ...(['volumes', ...SECTIONS] as const).flatMap((key) =>
    listed(parts, key).flatMap(({ doc, path, value: { image = '' } }) =>
      image === '' ? [] : [{ doc, path: [...path, 'image'], ref: image }],
    ),
  ),
];

/** Sets whose archives are all taken as they were at one moment. */
const isSnapshot = (parts: readonly ImagePart[], name: string): boolean => {
  const set = parts.findLast(({ text }) => text.packages?.[name] !== undefined)?.text.packages?.[name];
  const sources = set?.debian ?? parts.findLast(({ text }) => text.debian !== undefined)?.text.debian ?? [];
  return sources.length > 0 && sources.every(({ snapshot }) => snapshot !== undefined);
};

/** Where a component is named: `image`, or the `build` that stands for it. */
const named = (doc: SpecDocument, path: Path): Path => {
  const entry = path
    .slice(0, -1)
    .reduce<unknown>(
      (value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined),
      doc.value,
    );
  const isBuild = typeof entry === 'object' && entry !== null && Object.hasOwn(entry, 'build');
  return isBuild ? [...path.slice(0, -1), 'build'] : path;
};

/** What runs commands to be made. */
export const lintDockerfiles = (parts: readonly ImagePart[]): Finding[] => {
  const seen = new Set<string>();
  return references(parts).flatMap(({ doc, path, ref }): Finding[] => {
    const reference = parseReference(ref);
    if (reference.type !== 'dockerfile' || seen.has(ref)) return [];
    seen.add(ref);
    const build = parts.findLast(({ text }) => text.dockerfiles?.[reference.name] !== undefined)?.text
      .dockerfiles?.[reference.name];
    const network = build?.network === 'none' ? 'without a network' : 'with the network of that machine';
    return [
      finding(
        'DOCKERFILE_BUILT',
        { doc, path: named(doc, path) },
        build?.context ?? ref,
        `commands of ${build?.context ?? reference.name} run as root on the building machine, ${network}`,
      ),
    ];
  });
};

/**
 * Inputs that may be something else at the next build. A path of the repository is pinned by the repository.
 *
 * @param isLocked whether there is a lock: a build refuses one that does not say everything
 */
export const lintInputs = (parts: readonly ImagePart[], isLocked: boolean): Finding[] => {
  if (isLocked) return [];
  const seen = new Set<string>();
  return references(parts).flatMap(({ doc, path, ref }): Finding[] => {
    if (seen.has(ref)) return [];
    seen.add(ref);
    const reference = parseReference(ref);
    if (reference.type === 'registry' && reference.digest === undefined)
      return [finding('IMAGE_UNPINNED', { doc, path }, ref, `${ref} is no digest, and there is no lock`)];
    if (reference.type === 'deb' && !isSnapshot(parts, reference.name))
      return [
        finding(
          'PACKAGES_UNPINNED',
          { doc, path },
          ref,
          `the packages of ${ref} are not pinned: there is no lock, and no snapshot`,
        ),
      ];
    return [];
  });
};
