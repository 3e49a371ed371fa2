import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { clockTime, localTime, relativeTime, utcTime } from './times.ts';

/** One clock for the page; nothing is asked of the server by it. */
const TICK_MS = 10_000;
const listeners = new Set<(now: number) => void>();
let ticking: ReturnType<typeof setInterval> | undefined;
const useNow = (): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    listeners.add(setNow);
    ticking ??= setInterval(() => {
      for (const listener of listeners) listener(Date.now());
    }, TICK_MS);
    return () => {
      listeners.delete(setNow);
      if (listeners.size > 0) return;
      clearInterval(ticking);
      ticking = undefined;
    };
  }, []);
  return now;
};

type TimeProps = {
  /** ISO 8601, UTC */
  readonly value: string | null | undefined;
  /** `ago`: how long it is from now; `local`: date and time of this browser's zone, with its name; `clock`: only the time */
  readonly as?: 'ago' | 'local' | 'clock';
  /** where there is none */
  readonly none?: string;
};

/** A time; whoever points at it sees the local one with its zone, and that of UTC. */
export const Time = ({ value, as = 'ago', none = 'never' }: TimeProps) => {
  const now = useNow();
  if (value === null || value === undefined)
    return (
      <Text span c="dimmed" inherit>
        {none}
      </Text>
    );
  const time = new Date(value);
  return (
    <time dateTime={value} title={`${localTime(time)} · ${utcTime(time)}`}>
      {as === 'ago' ? relativeTime(time, now) : as === 'local' ? localTime(time) : clockTime(time)}
    </time>
  );
};
