import type { State } from '@slipway/device-agent/simulation';
import { minutesAhead } from '@slipway/protocol';
import { fractionOf } from '../random.ts';
import type { Context } from './context.ts';
import { isMet } from './fate.ts';

export const uptime = (): number => performance.now() / 1000;

export const zoneOf = ({ options: { zones, seed } }: Context, id: string): string =>
  zones[Math.floor(fractionOf(seed, `${id}:zone`) * zones.length)] ?? 'UTC';

/**
 * The clock of a device, which may be off.
 *
 * @param floor seconds; it never shows less
 */
export const clockOf = (context: Context, id: string, floor: number): State['clock'] => {
  const { options } = context;
  const { skewed, skewSeconds } = options.faults;
  const skew = isMet(options.seed, skewed, id, 'skewed')
    ? skewSeconds * (2 * fractionOf(options.seed, `${id}:skew`) - 1)
    : 0;
  const now = Math.max(Math.floor(Date.now() / 1000 + skew), floor);
  const zone = zoneOf(context, id);
  // Asked for at every event, of thousands of devices.
  const zoneOffset = zone === 'UTC' ? 0 : 60 * minutesAhead(zone, now * 1000);
  return { now, zoneOffset, metered: false };
};
