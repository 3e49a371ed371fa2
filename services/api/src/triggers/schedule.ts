import { CronExpressionParser } from 'cron-parser';
import { messageOf, SlipwayError, type TriggerOn } from '@slipway/protocol';

const invalid = (why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SCHEDULE_INVALID',
    `${why}; expected minute, hour, day of month, month and day of week, such as "30 2 * * mon-fri".`,
    { cause },
  );

/** @throws {SlipwayError} SCHEDULE_INVALID */
const nextOf = (schedule: string, timeZone: string, now: Date): Date => {
  try {
    Intl.DateTimeFormat('en', { timeZone });
  } catch (cause) {
    throw invalid(`${timeZone} is no time zone of this machine`, cause);
  }
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) throw invalid(`${JSON.stringify(schedule)} has ${fields.length} fields`);
  try {
    return CronExpressionParser.parse(fields.join(' '), { currentDate: now, tz: timeZone }).next().toDate();
  } catch (cause) {
    throw invalid(`${JSON.stringify(schedule)}: ${messageOf(cause)}`, cause);
  }
};

/**
 * When a trigger is due next; null: it does not go by time.
 *
 * @throws {SlipwayError} SCHEDULE_INVALID
 */
export const nextAt = (on: TriggerOn, now: Date): Date | null => {
  if (on.kind === 'cron') return nextOf(on.schedule, on.timeZone, now);
  return on.kind === 'upstream' ? new Date(now.getTime() + on.everyMinutes * 60_000) : null;
};
