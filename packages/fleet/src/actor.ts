import {
  ACCESS_OF_ROLE,
  Access,
  type GroupId,
  type Role,
  type SessionId,
  type TenantId,
  type User,
} from '@slipway/protocol';

/** Who asks, and what they may. */
export type Actor = {
  readonly tenant: TenantId;
  /** of a user, `user/token` of a token that is a user's, or the name of a token of the server */
  readonly name: string;
  readonly user: User | null;
  readonly kind: 'cookie' | 'bearer' | 'token';
  readonly session: SessionId | null;
  /** on the whole fleet; null: none */
  readonly role: Role | null;
  readonly groupRoles: readonly { readonly group: GroupId; readonly role: Role }[];
  /** of a token, what it is for; null: everything that its user may */
  readonly scopes: readonly Access[] | null;
};

/** How far somebody's access reaches: the whole fleet, the devices of some groups, or nowhere. */
export type Reach = 'fleet' | readonly GroupId[];

const may = ({ scopes }: Actor, role: Role | null, access: Access): boolean =>
  role !== null && ACCESS_OF_ROLE[role].includes(access) && (scopes === null || scopes.includes(access));

export const reachOf = (actor: Actor, access: Access): Reach =>
  may(actor, actor.role, access)
    ? 'fleet'
    : actor.groupRoles.filter(({ role }) => may(actor, role, access)).map(({ group }) => group);

/** What somebody may do on the whole fleet, and on the devices of groups. */
export const accessOf = (
  actor: Actor,
): { access: Access[]; groups: { group: GroupId; access: Access[] }[] } => ({
  access: Access.options.filter((access) => may(actor, actor.role, access)),
  groups: actor.groupRoles.map(({ group, role }) => ({
    group,
    access: Access.options.filter((access) => may(actor, role, access)),
  })),
});
