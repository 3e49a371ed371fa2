import type { GroupId } from '@slipway/protocol';
import type { Query } from './ast.ts';

export type KnownGroup = {
  readonly id: GroupId;
  /** null: its members are listed */
  readonly query: Query | null;
};

/** Groups that a query names, by what it calls them: name or id. */
export type KnownGroups = ReadonlyMap<string, KnownGroup>;
