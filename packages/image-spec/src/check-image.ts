import { checkContainer } from './check-containers.ts';
import { checkFile } from './check-files.ts';
import { checkReferences } from './check-references.ts';
import { checkUsers } from './check-users.ts';
import { checkVolumes } from './check-volumes.ts';
import { containers, listed, type ImagePart } from './image-part.ts';
import { problemAt, specError, type Problem } from './problems.ts';

/** Services run side by side under their names, so that each needs its own; what runs in sequence does not. */
const checkServices = (parts: readonly ImagePart[]): Problem[] => {
  const names = new Set<string>();
  return listed(parts, 'services').flatMap(({ doc, path, value }): Problem[] => {
    if (!names.has(value.name)) {
      names.add(value.name);
      return [];
    }
    return [
      problemAt(doc, [...path, 'name'], `the name ${JSON.stringify(value.name)} is used twice in services`),
    ];
  });
};

const checkHealth = (parts: readonly ImagePart[]): Problem[] => {
  const services = listed(parts, 'services').map(({ value }) => value.name);
  return parts.flatMap(({ doc, text }) =>
    (text.health?.services ?? []).flatMap((name, index) =>
      services.includes(name)
        ? []
        : [
            problemAt(doc, ['health', 'services', index], `there is no service ${JSON.stringify(name)}`, {
              found: name,
              allowed: services,
            }),
          ],
    ),
  );
};

const checkDiagnostics = (parts: readonly ImagePart[]): Problem[] => {
  const names = new Set<string>();
  return listed(parts, 'diagnostics').flatMap(({ doc, path, value: { name } }): Problem[] => {
    if (!names.has(name)) {
      names.add(name);
      return [];
    }
    return [
      problemAt(doc, [...path, 'name'], `the name ${JSON.stringify(name)} is used twice in diagnostics`),
    ];
  });
};

/**
 * Checks what no single key shows: references to packages, volumes, users and services that do not exist, names used
 * twice, files that say two things at once.
 *
 * @throws {SlipwayError} SPEC_INVALID with every problem found
 */
export const checkImage = (parts: readonly ImagePart[]): void => {
  const all = containers(parts);
  const files = listed(parts, 'files');
  const problems = [
    ...checkReferences(parts),
    ...checkServices(parts),
    ...checkHealth(parts),
    ...checkDiagnostics(parts),
    ...all.flatMap(checkContainer),
    ...checkVolumes(listed(parts, 'volumes'), all),
    ...checkUsers(all, files),
    ...files.flatMap(checkFile),
  ];
  if (problems.length > 0) throw specError(problems);
};
