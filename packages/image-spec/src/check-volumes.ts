import type { Container } from './container.ts';
import type { Volume } from './linuxkit-entries.ts';
import { below, type Located } from './image-part.ts';
import { problemAt, type Problem } from './problems.ts';

type Use = Located<string> & { readonly options: readonly string[] };

/** Whatever a container binds that is no path of the image is a volume. */
const uses = (container: Located<Container>): Use[] => [
  ...(container.value.mounts ?? []).flatMap(({ type, source = '', options = [] }, index): Use[] =>
    type !== 'bind' || source.startsWith('/')
      ? []
      : [{ ...below(container, ['mounts', index, 'source'], source), options }],
  ),
  ...(['binds', 'binds.add'] as const).flatMap((key) =>
    (container.value[key] ?? []).flatMap((bind, index): Use[] => {
      const [source = '', , options = ''] = bind.split(':');
      return source.startsWith('/')
        ? []
        : [{ ...below(container, [key, index], source), options: options.split(',') }];
    }),
  ),
];

/** As mount options are read: the first of the two that is given. */
const isReadOnly = (options: readonly string[]): boolean =>
  options.find((option) => option === 'ro' || option === 'rw') === 'ro';

export const checkVolumes = (
  volumes: readonly Located<Volume>[],
  containers: readonly Located<Container>[],
): Problem[] => {
  const problems: Problem[] = [];
  const known = new Map<string, Volume>();
  for (const { doc, path, value } of volumes) {
    if (known.has(value.name))
      problems.push(
        problemAt(doc, [...path, 'name'], `the name ${JSON.stringify(value.name)} is used twice in volumes`),
      );
    known.set(value.name, value);
    if (value.format === 'oci' && (value.image ?? '') === '')
      problems.push(
        problemAt(doc, [...path, 'format'], 'expected an image: a volume of format oci holds one'),
      );
  }
  for (const use of containers.flatMap(uses)) {
    const volume = known.get(use.value);
    if (volume === undefined)
      problems.push(
        problemAt(
          use.doc,
          use.path,
          `there is no volume ${JSON.stringify(use.value)}; a path of the image begins with /`,
          { found: use.value, allowed: [...known.keys()] },
        ),
      );
    else if (volume.readonly === true && !isReadOnly(use.options))
      problems.push(
        problemAt(
          use.doc,
          use.path,
          `the volume ${JSON.stringify(use.value)} is read-only: expected the option ro`,
        ),
      );
  }
  return problems;
};
