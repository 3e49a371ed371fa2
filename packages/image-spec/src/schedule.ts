import { CronExpressionParser } from 'cron-parser';
import { isTimeZone, messageOf, SlipwayError } from '@slipway/protocol';

const invalid = (why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SCHEDULE_INVALID',
    `${why}; expected minute, hour, day of month, month and day of week, such as "30 2 * * mon-fri".`,
    { cause },
  );

/**
 * The first time after `now` that a schedule names.
 *
 * @throws {SlipwayError} SCHEDULE_INVALID
 */
export const nextOfSchedule = (schedule: string, timeZone: string, now: Date): Date => {
  if (!isTimeZone(timeZone)) throw invalid(`${timeZone} is no time zone of this machine`);
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) throw invalid(`${JSON.stringify(schedule)} has ${fields.length} fields`);
  try {
    return CronExpressionParser.parse(fields.join(' '), { currentDate: now, tz: timeZone }).next().toDate();
  } catch (cause) {
    throw invalid(`${JSON.stringify(schedule)}: ${messageOf(cause)}`, cause);
  }
};
