import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api.ts';

/** What a query can ask for; it changes slowly, and is much to find out. */
export const queryFields = queryOptions({
  queryKey: ['query-fields'],
  queryFn: ({ signal }) => api.devices.fields({ signal }),
  staleTime: 5 * 60_000,
});
