import type { LiveEvent } from '@slipway/protocol';
import { useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  use,
  useEffect,
  useEffectEvent,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from 'react';
import { api } from '../api.ts';
import { isSessionOver, ME } from '../queries.ts';
import { staleKeys } from './stale-keys.ts';

/** A fleet that changes all the time has its lists read anew so often, and no more. */
const GATHER_MS = 1500;
const AGAIN_MS = 5000;

export type LiveState = 'connecting' | 'live' | 'offline';

type Live = {
  readonly state: LiveState;
  readonly listen: (listener: (event: LiveEvent) => void) => () => void;
};

const LiveContext = createContext<Live>({ state: 'connecting', listen: () => () => undefined });

/**
 * One stream of changes for the whole page, while it is seen: browsers allow six connections to one server over HTTP/1.1,
 * which hidden tabs would use up. Whoever comes back is told what they missed, or to read all anew.
 */
export const LiveProvider = ({
  isPaused,
  children,
}: {
  /** nobody is logged in at the moment: what is shown stays, and nothing is asked */
  readonly isPaused: boolean;
  readonly children: ReactNode;
}) => {
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const listeners = useRef(new Set<(event: LiveEvent) => void>());

  useEffect(() => {
    if (isPaused) return undefined;
    const stale = new Set<string>();
    let gathering: ReturnType<typeof setTimeout> | undefined;
    const tell = (): void => {
      gathering = undefined;
      for (const key of stale) void queries.invalidateQueries({ queryKey: [key] });
      stale.clear();
    };
    const take = (event: LiveEvent): void => {
      for (const listener of listeners.current) listener(event);
      const keys = staleKeys(event);
      if (keys === undefined)
        void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] });
      else for (const key of keys) stale.add(key);
      gathering ??= setTimeout(tell, GATHER_MS);
    };

    let stop: AbortController | undefined;
    let wasAway = false;
    const follow = async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        try {
          const onConnection = (isOpen: boolean): void => setState(isOpen ? 'live' : 'offline');
          for await (const event of api.events.stream({}, { signal, onConnection })) take(event);
        } catch (error) {
          if (signal.aborted) return;
          if (isSessionOver(error)) {
            void queries.invalidateQueries({ queryKey: ME });
            return;
          }
        }
        setState('offline');
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        wasAway = true;
      }
    };
    const look = (): void => {
      if (document.visibilityState === 'hidden') {
        stop?.abort();
        stop = undefined;
        wasAway = true;
      } else if (stop === undefined) {
        stop = new AbortController();
        // Nothing told what changed meanwhile.
        if (wasAway) void queries.invalidateQueries();
        void follow(stop.signal);
      }
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      stop?.abort();
      clearTimeout(gathering);
    };
  }, [queries, isPaused]);

  const live = useMemo(
    () => ({
      state,
      listen: (listener: (event: LiveEvent) => void) => {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [state],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
};

export const useLiveState = (): LiveState => use(LiveContext).state;

/** Is told every change as it comes, for what is faster shown than asked anew. */
export const useLiveEvents = (listener: (event: LiveEvent) => void): void => {
  const { listen } = use(LiveContext);
  const heard = useEffectEvent(listener);
  useEffect(() => listen((event) => heard(event)), [listen]);
};
