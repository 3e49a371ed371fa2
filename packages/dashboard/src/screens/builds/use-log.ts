import { isBuildOver, type Build, type BuildLogLines } from '@slipway/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api } from '../../api.ts';

export type LogLine = BuildLogLines['lines'][number];
export const BLOCK = 500;

/**
 * The log of a build, whatever its length: blocks of lines are asked for when they are looked at, and what is added while
 * it is built comes by its events.
 */
export const useLog = (build: Build) => {
  const isOver = isBuildOver(build);
  const { id } = build;
  const queries = useQueryClient();
  // Of what was there first; what comes later is in `added`.
  const start = useQuery({
    queryKey: ['log', id, 'end', isOver],
    queryFn: ({ signal }) => api.builds.getLogLines(id, { from: -1, most: 1 }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [added, setAdded] = useState<readonly LogLine[]>([]);
  const blocks = useRef(new Map<number, readonly LogLine[]>());
  const [, redraw] = useState(0);
  const [error, setError] = useState<unknown>();

  const { data } = start;
  useEffect(() => {
    if (isOver || data === undefined) return undefined;
    const stop = new AbortController();
    const waiting: LogLine[] = [];
    // Many lines come at once: they are drawn together.
    const draw = setInterval(() => {
      if (waiting.length > 0) setAdded((before) => [...before, ...waiting.splice(0)]);
    }, 200);
    const follow = async (): Promise<void> => {
      const headers = { 'last-event-id': String(data.offset) };
      for await (const event of api.builds.streamEvents(id, { signal: stop.signal, headers })) {
        if (event.kind === 'log') waiting.push({ at: event.at, text: event.text, step: false });
        if (event.kind === 'step') waiting.push({ at: event.startedAt, text: event.step, step: true });
      }
    };
    follow().catch((failed: unknown) => {
      if (!stop.signal.aborted) setError(failed);
    });
    return () => {
      stop.abort();
      clearInterval(draw);
      setAdded([]);
      blocks.current.clear();
    };
  }, [id, isOver, data]);

  const before = data?.total ?? 0;
  const load = (block: number): void => {
    if (blocks.current.has(block) || block * BLOCK >= before) return;
    blocks.current.set(block, []);
    queries
      .fetchQuery({
        queryKey: ['log', id, 'block', block, before],
        queryFn: ({ signal }) => api.builds.getLogLines(id, { from: block * BLOCK, most: BLOCK }, { signal }),
        staleTime: Number.POSITIVE_INFINITY,
      })
      .then(
        ({ lines }) => {
          blocks.current.set(block, lines.slice(0, before - block * BLOCK));
          redraw((count) => count + 1);
        },
        (failed: unknown) => {
          blocks.current.delete(block);
          setError(failed);
        },
      );
  };

  return {
    isReady: data !== undefined,
    error: error ?? start.error,
    isOver,
    total: before + added.length,
    /** @returns undefined: it is on its way, see `load` */
    line: (at: number): LogLine | undefined =>
      at < before ? blocks.current.get(Math.floor(at / BLOCK))?.[at % BLOCK] : added[at - before],
    load: (first: number, last: number): void => {
      for (let block = Math.floor(first / BLOCK); block <= Math.floor(last / BLOCK); block++) load(block);
    },
  };
};
