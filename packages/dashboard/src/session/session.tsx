import { mayAccess, type Access, type Me } from '@slipway/protocol';
import { useQuery } from '@tanstack/react-query';
import { createContext, use, type ReactNode } from 'react';
import { api } from '../api.ts';
import { isSessionOver, ME } from '../queries.ts';

const SessionContext = createContext<Me | undefined>(undefined);

/** Who is logged in. Only inside the shell, which shows nothing before it is known. */
export const useMe = (): Me => {
  const me = use(SessionContext);
  if (me === undefined) throw new TypeError('useMe outside of the session');
  return me;
};

/** Whether they may on the whole fleet. What they may on devices of groups only, the server decides one by one. */
export const useMay = (access: Access): boolean => useMe().access.includes(access);

/** Whether they may somewhere: on the fleet or on the devices of some group. */
export const useMaySomewhere = (access: Access): boolean => {
  const { access: whole, groups } = useMe();
  return whole.includes(access) || groups.some((group) => group.access.includes(access));
};

export const rolesFor = (access: Access): string =>
  (['operator', 'releaser', 'approver', 'admin'] as const)
    .filter((role) => mayAccess(role, access))
    .join(' or ');

export type SessionState =
  | { readonly state: 'unknown' | 'none' }
  | { readonly state: 'failed'; readonly error: unknown; readonly retry: () => void }
  | { readonly state: 'there'; readonly me: Me };

/** Asked once, and again when an answer says that the session is over. */
export const useSession = (): SessionState => {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ME,
    queryFn: ({ signal }) => api.me.get({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error !== null && isSessionOver(error)) return { state: 'none' };
  if (data !== undefined) return { state: 'there', me: data };
  if (isPending) return { state: 'unknown' };
  return { state: 'failed', error, retry: () => void refetch() };
};

export const SessionProvider = ({ me, children }: { readonly me: Me; readonly children: ReactNode }) => (
  <SessionContext value={me}>{children}</SessionContext>
);
