import { SlipwayError, suggest } from '@slipway/protocol';
import type { ImageFile } from './image-file.ts';
import type { UserId } from './user-id.ts';

const FIRST = 100;

/**
 * The number that each container's name stands for where a user or group is asked for: counted from 100 over `onboot`,
 * `onshutdown` and `services`; of containers of one name, the last has it.
 */
export const numberUsers = (
  spec: Pick<ImageFile, 'onboot' | 'onshutdown' | 'services'>,
): ReadonlyMap<string, number> =>
  new Map(
    [...spec.onboot, ...spec.onshutdown, ...spec.services].map(({ name }, index) => [name, FIRST + index]),
  );

/**
 * @param users of `numberUsers`
 * @param where named in the error, such as `services[0].uid`
 * @returns 0 for nothing, an empty text and `root`
 * @throws {SlipwayError} SPEC_INVALID for a name that no container has
 */
export const userNumber = (
  id: UserId | undefined,
  users: ReadonlyMap<string, number>,
  where: string,
): number => {
  if (typeof id === 'number') return id;
  if (id === undefined || id === '' || id === 'root') return 0;
  const number = users.get(id);
  if (number !== undefined) return number;
  const allowed = ['root', ...users.keys()];
  const suggestion = suggest(id, allowed);
  throw new SlipwayError(
    'SPEC_INVALID',
    `${where}: expected a number or the name of a container, found ${JSON.stringify(id)}` +
      `${suggestion === undefined ? '' : `; did you mean ${JSON.stringify(suggestion)}?`}; allowed: ${allowed.join(', ')}`,
    { details: { key: where, found: id, allowed, ...(suggestion === undefined ? {} : { suggestion }) } },
  );
};
