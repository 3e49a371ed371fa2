import type { AgentConfig } from './config.ts';
import type { Clock } from './core/index.ts';
import type { Runtime } from './runtime/port.ts';

export type DeviceClock = {
  readonly read: () => Clock;
  /** Asks for the zone again where some time has passed. */
  readonly refresh: () => Promise<void>;
};

/** A remembered time this far above the floor is more likely a fault of the clock than a device that old. */
const MAX_REMEMBERED_S = 10 * 365 * 86_400;

/**
 * Where a machine starts without a clock, its time is set: to what it last showed, and at least to the time that a
 * signed release vouches for, so that certificates can be judged and windows found. A clock that runs is left alone.
 *
 * @param floor seconds since 1970, vouched for
 * @param remembered seconds since 1970, by nobody
 */
export const mendClock = async (
  runtime: Pick<Runtime, 'time' | 'processes' | 'log'>,
  config: Pick<AgentConfig, 'setsClock'>,
  floor: number,
  remembered: number,
): Promise<void> => {
  if (!config.setsClock || runtime.time.now() >= floor) return;
  const isPlausible = remembered > floor && remembered < floor + MAX_REMEMBERED_S;
  const time = isPlausible ? remembered : floor;
  await runtime.processes.run(['date', '-u', '-s', `@${time}`]);
  runtime.log(
    isPlausible ? 'clock set to what it last showed' : 'clock set to the time floor of the release',
  );
};

/** Clocks change at full quarters of an hour. */
const ZONE_LIFE_S = 900;

/**
 * The wall clock of the device in its own time zone, and whether its link is metered.
 *
 * @param floor seconds since 1970: an earlier time is not believed
 * @param zone POSIX `TZ`
 */
export const deviceClock = (
  runtime: Pick<Runtime, 'time' | 'log'>,
  floor: () => number,
  zone: string,
  isMetered: () => boolean,
): DeviceClock => {
  let zoneOffset = 0;
  let askedAt: number | undefined;
  const now = (): number => Math.max(runtime.time.now(), floor());
  return {
    read: () => ({ now: now(), zoneOffset, metered: isMetered() }),
    refresh: async () => {
      const quarter = Math.floor(now() / ZONE_LIFE_S);
      if (quarter === askedAt) return;
      askedAt = quarter;
      try {
        zoneOffset = await runtime.time.zoneOffset(zone, now());
      } catch (error) {
        runtime.log(`time zone ${zone}: ${String(error)}`);
      }
    },
  };
};
