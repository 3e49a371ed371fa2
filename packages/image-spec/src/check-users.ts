import type { Container } from './container.ts';
import type { FileEntry } from './linuxkit-entries.ts';
import { below, type Located } from './image-part.ts';
import { problemAt, type Problem } from './problems.ts';
import type { UserId } from './user-id.ts';

const ofContainer = (container: Located<Container>): Located<UserId | undefined>[] => [
  below(container, ['uid'], container.value.uid),
  below(container, ['gid'], container.value.gid),
  ...(container.value.additionalGids ?? []).map((gid, index) =>
    below(container, ['additionalGids', index], gid),
  ),
];

/** Users and groups that are named must be containers. */
export const checkUsers = (
  containers: readonly Located<Container>[],
  files: readonly Located<FileEntry>[],
): Problem[] => {
  const allowed = ['root', ...new Set(containers.map(({ value }) => value.name))];
  const used = [
    ...containers.flatMap(ofContainer),
    ...files.flatMap((file) => [below(file, ['uid'], file.value.uid), below(file, ['gid'], file.value.gid)]),
  ];
  return used.flatMap(({ doc, path, value }) =>
    typeof value !== 'string' || value === '' || allowed.includes(value)
      ? []
      : [problemAt(doc, path, `no container is named ${JSON.stringify(value)}`, { found: value, allowed })],
  );
};
