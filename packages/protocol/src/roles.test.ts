import { expect, test } from 'vitest';
import { Access, mayAccess, Role } from './roles.ts';

test.each([
  ['viewer', 'y----'],
  ['operator', 'yy---'],
  ['releaser', 'yyy--'],
  ['approver', 'y--y-'],
  ['admin', 'yyyyy'],
] as const)('a %s may, of read, operate, release, approve and admin: %s', (role, expected) => {
  expect(Access.options.map((access) => (mayAccess(role, access) ? 'y' : '-')).join('')).toBe(expected);
});

test('there is no role without a row above', () => {
  expect(Role.options).toHaveLength(5);
});
