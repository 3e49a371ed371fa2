import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useLiveEvents } from '../../live/live.tsx';

/** Counting a large fleet takes a second, so it is not done for each device that commits. */
const GATHER_MS = 10_000;

/** Has what is asked of the field read anew once devices have committed a release. */
export const useCommits = (): void => {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useLiveEvents((event) => {
    if (event.kind !== 'execution' || event.execution.state !== 'COMMITTED') return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ queryKey: ['field'] });
    }, GATHER_MS);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
};
