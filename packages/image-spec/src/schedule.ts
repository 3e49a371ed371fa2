import { CronExpressionParser, type CronExpression, type CronExpressionOptions } from 'cron-parser';
import { isTimeZone, messageOf, SlipwayError } from '@slipway/protocol';

const invalid = (why: string, cause?: unknown): SlipwayError =>
  new SlipwayError(
    'SCHEDULE_INVALID',
    `${why}; expected minute, hour, day of month, month and day of week, such as "30 2 * * mon-fri".`,
    { cause },
  );

const read = <T>(schedule: string, options: CronExpressionOptions, use: (times: CronExpression) => T): T => {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) throw invalid(`${JSON.stringify(schedule)} has ${fields.length} fields`);
  try {
    return use(CronExpressionParser.parse(fields.join(' '), options));
  } catch (cause) {
    throw invalid(`${JSON.stringify(schedule)}: ${messageOf(cause)}`, cause);
  }
};

/**
 * The first time after `now` that a schedule names.
 *
 * @throws {SlipwayError} SCHEDULE_INVALID
 */
export const nextOfSchedule = (schedule: string, timeZone: string, now: Date): Date => {
  if (!isTimeZone(timeZone)) throw invalid(`${timeZone} is no time zone of this machine`);
  return read(schedule, { currentDate: now, tz: timeZone }, (times) => times.next().toDate());
};

/**
 * The least minutes between two times that a schedule names, whatever its days; those of one day and the next count as well.
 *
 * @throws {SlipwayError} SCHEDULE_INVALID
 */
export const leastMinutesBetween = (schedule: string): number =>
  read(schedule, {}, ({ fields }) => {
    const hours = new Set<number>(fields.hour.values);
    const minutes = [...fields.minute.values].toSorted((a, b) => a - b);
    const [first = 0, last = 0] = [minutes[0], minutes.at(-1)];
    const within = minutes.slice(1).map((minute, index) => minute - (minutes[index] ?? 0));
    const across = [...hours].some((hour) => hours.has((hour + 1) % 24)) ? [first + 60 - last] : [];
    return Math.min(60, ...within, ...across);
  });
