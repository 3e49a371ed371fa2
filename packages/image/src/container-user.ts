import { userNumber, type Container, type UserId } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import type { Tree } from '@slipway/components';
import { textAt } from './resolve-path.ts';

export type User = {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids?: readonly number[];
};

/** Rows of `/etc/passwd` or `/etc/group` of a root. */
const rows = (root: Tree, path: string): string[][] =>
  textAt(root, path)
    .split('\n')
    .map((line) => line.split(':'));

const byName = (root: Tree, file: string, name: string, container: string): string[] => {
  const row = rows(root, file).find(([first]) => first === name);
  if (row === undefined)
    throw new SlipwayError(
      'COMPONENT_INVALID',
      `container ${container}: its image starts as ${name}, which /${file} of the image does not list`,
    );
  return row;
};

/**
 * Who a container runs as: numbers of the image file, else `User` of the image (`1000`, `1000:1000`, `www-data`, …).
 *
 * @param users numbers that names of containers stand for
 * @throws {SlipwayError} SPEC_INVALID for a name that no container has, COMPONENT_INVALID if a name is unknown to the root
 */
export const containerUser = (
  container: Container,
  imageUser: string | undefined,
  root: Tree,
  users: ReadonlyMap<string, number>,
): User => {
  const numberOf = (id: UserId, key: string): number => userNumber(id, users, `${container.name}.${key}`);
  const [user = '', group] = (imageUser ?? '').split(':');
  const isNumber = (text: string) => /^\d+$/.test(text);
  const account =
    user === '' || container.uid !== undefined
      ? undefined
      : isNumber(user)
        ? rows(root, 'etc/passwd').find(([, , uid]) => uid === user)
        : byName(root, 'etc/passwd', user, container.name);
  const imageUid = isNumber(user) ? Number(user) : Number(account?.[2] ?? 0);
  const imageGid =
    group === undefined || group === ''
      ? Number(account?.[3] ?? 0)
      : isNumber(group)
        ? Number(group)
        : Number(byName(root, 'etc/group', group, container.name)[2]);
  return {
    uid: container.uid === undefined ? imageUid : numberOf(container.uid, 'uid'),
    gid: container.gid === undefined ? imageGid : numberOf(container.gid, 'gid'),
    ...(container.additionalGids === undefined
      ? {}
      : { additionalGids: container.additionalGids.map((id) => numberOf(id, 'additionalGids')) }),
  };
};
