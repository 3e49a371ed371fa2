import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Rollout } from '@slipway/protocol';
import { api } from '../../api.ts';
import { useLiveEvents } from '../../live/live.tsx';

/** A rollout that moves as its events come: each holds the whole of it, so nothing has to be asked anew. */
export const useLiveRollout = (id: string) => {
  const queries = useQueryClient();
  const query = useQuery<Rollout>({
    queryKey: ['rollouts', 'one', id],
    queryFn: ({ signal }) => api.rollouts.get(id, { signal }),
  });
  useLiveEvents((event) => {
    if (event.kind === 'rollout' && event.rollout.id === id)
      queries.setQueryData(['rollouts', 'one', id], event.rollout);
  });
  return query;
};
