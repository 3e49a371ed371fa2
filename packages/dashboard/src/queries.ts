import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { SlipwayError } from '@slipway/protocol';

/** Key of what is known of the session; every answer that says it is over makes it be asked anew. */
export const ME = ['me'] as const;

/** How many seconds an answer counts as fresh that live events keep so; without them it is read anew on the next look. */
const FRESH_MS = 30_000;

export const isSessionOver = (error: unknown): boolean =>
  error instanceof SlipwayError && error.code === 'AUTH_REQUIRED';

/**
 * Answers of the API as screens use them. The client tries again by itself what may pass, so nothing is tried again here.
 * Nothing is polled: `live/` says what is no longer true.
 */
export const createQueries = (): QueryClient => {
  const onError = (error: unknown): void => {
    if (isSessionOver(error)) void queries.invalidateQueries({ queryKey: ME });
  };
  const queries = new QueryClient({
    queryCache: new QueryCache({ onError: (error, { queryKey }) => queryKey[0] !== ME[0] && onError(error) }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: { retry: false, staleTime: FRESH_MS, refetchOnWindowFocus: false, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  return queries;
};
