import type { DockerfileBuild } from './dockerfile-build.ts';
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

/** What `FROM` of a Dockerfile refers to, where the file that declares it stands. */
const contexts = (parts: readonly ImagePart[]): Located<string>[] =>
  parts.flatMap(({ doc, text }) =>
    Object.entries(text.dockerfiles ?? {}).flatMap(([name, build]) =>
      Object.entries(build.contexts ?? {}).map(([key, value]) => ({
        doc,
        path: ['dockerfiles', name, 'contexts', key],
        value,
      })),
    ),
  );

const namesOfDockerfiles = (build: DockerfileBuild | undefined): string[] =>
  Object.values(build?.contexts ?? {})
    .map(parseReference)
    .flatMap((reference) => (reference.type === 'dockerfile' ? [reference.name] : []));

/** Dockerfiles may build upon one another, but none upon itself. */
const checkCircles = (
  parts: readonly ImagePart[],
  dockerfiles: Readonly<Record<string, DockerfileBuild>>,
): Problem[] => {
  const leadsTo = (from: string, name: string, seen: ReadonlySet<string>): boolean =>
    namesOfDockerfiles(dockerfiles[from]).some(
      (next) => next === name || (!seen.has(next) && leadsTo(next, name, new Set([...seen, next]))),
    );
  return parts.flatMap(({ doc, text }) =>
    Object.keys(text.dockerfiles ?? {})
      .filter((name) => leadsTo(name, name, new Set()))
      .map((name) =>
        problemAt(doc, ['dockerfiles', name, 'contexts'], `dockerfile:${name} is built upon itself`),
      ),
  );
};

/** Package sets and Dockerfiles that are used must be declared. */
export const checkReferences = (parts: readonly ImagePart[]): Problem[] => {
  const packages = parts.flatMap(({ text }) => Object.keys(text.packages ?? {}));
  const dockerfiles = Object.fromEntries(parts.flatMap(({ text }) => Object.entries(text.dockerfiles ?? {})));
  const missing = [...references(parts), ...contexts(parts)].flatMap(({ doc, path, value }): Problem[] => {
    const reference = parseReference(value);
    if (reference.type !== 'deb' && reference.type !== 'dockerfile') return [];
    const { name } = reference;
    const [key, allowed] =
      reference.type === 'deb' ? ['packages', packages] : ['dockerfiles', Object.keys(dockerfiles)];
    return allowed.includes(name)
      ? []
      : [problemAt(doc, path, `${key} has no ${JSON.stringify(name)}`, { found: name, allowed })];
  });
  return [...missing, ...checkCircles(parts, dockerfiles)];
};
