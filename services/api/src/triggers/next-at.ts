import { nextOfSchedule } from '@slipway/image-spec';
import type { TriggerOn } from '@slipway/protocol';

/**
 * When a trigger is due next; null: it does not go by time.
 *
 * @throws {SlipwayError} SCHEDULE_INVALID
 */
export const nextAt = (on: TriggerOn, now: Date): Date | null => {
  if (on.kind === 'cron') return nextOfSchedule(on.schedule, on.timeZone, now);
  return on.kind === 'upstream' ? new Date(now.getTime() + on.everyMinutes * 60_000) : null;
};
