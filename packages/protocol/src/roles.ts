import { z } from 'zod';

/**
 * What a request does to the fleet, from harmless to final. Every route of the API declares one.
 *
 * - `read`: looks
 * - `operate`: devices and groups: commands, claims, acceptance
 * - `release`: builds, releases, channels, triggers, rollouts
 * - `approve`: says yes or no to what another has prepared
 * - `admin`: people, tokens, keys, settings
 */
export const Access = z.enum(['read', 'operate', 'release', 'approve', 'admin']);
export type Access = z.infer<typeof Access>;

export const Role = z.enum(['viewer', 'operator', 'releaser', 'approver', 'admin']);
export type Role = z.infer<typeof Role>;

/** Who prepares and who approves are two, unless one is admin. */
export const ACCESS_OF_ROLE: Readonly<Record<Role, readonly Access[]>> = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  releaser: ['read', 'operate', 'release'],
  approver: ['read', 'approve'],
  admin: Access.options,
};

export const mayAccess = (role: Role, access: Access): boolean => ACCESS_OF_ROLE[role].includes(access);
