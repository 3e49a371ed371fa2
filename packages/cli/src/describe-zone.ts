import type { Device } from '@slipway/protocol';

const two = (number: number): string => String(number).padStart(2, '0');

/** `UTC+01:00` */
export const describeOffset = (seconds: number): string => {
  const minutes = Math.round(Math.abs(seconds) / 60);
  return `UTC${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
};

/** Null: the device has never said it. */
export const describeZone = ({
  timeZone,
  utcOffset,
}: Pick<Device, 'timeZone' | 'utcOffset'>): string | null => {
  if (utcOffset === null) return timeZone;
  const offset = describeOffset(utcOffset);
  return timeZone === null ? offset : `${timeZone} (${offset})`;
};
