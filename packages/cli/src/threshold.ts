import type { Threshold } from '@slipway/protocol';

export const THRESHOLDS = 'a share such as 2%, a number such as 3, or both: 3,2%';

/** `10%`; @returns undefined for what is no share above 0 % and up to 100 % */
export const parsePercent = (text: string): number | undefined => {
  const digits = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1];
  const percent = Number(digits);
  return digits !== undefined && percent > 0 && percent <= 100 ? percent : undefined;
};

/** `25`, `25 devices` */
export const parseCount = (text: string): number | undefined => {
  const digits = /^(\d{1,7})(?:\s+devices?)?$/.exec(text.trim())?.[1];
  return digits === undefined || Number(digits) === 0 ? undefined : Number(digits);
};

/** `2%`, `3`, `3,2%`; @returns undefined for what is none */
export const parseThreshold = (text: string): Threshold | undefined => {
  const parts = text.split(',');
  const counts = parts.flatMap((part) => parseCount(part) ?? []);
  const percents = parts.flatMap((part) => parsePercent(part) ?? []);
  if (counts.length + percents.length !== parts.length || counts.length > 1 || percents.length > 1)
    return undefined;
  const [count, percent] = [counts[0], percents[0]];
  return { ...(count === undefined ? {} : { count }), ...(percent === undefined ? {} : { percent }) };
};

/** Failures that end a rollout which a share alone is to end: more than there are devices. */
export const NO_NUMBER = 1_000_000;

/** `3 or 2 %` */
export const describeLimits = (count: number | null, percent: number | null): string =>
  [
    ...(count === null || (count === NO_NUMBER && percent !== null) ? [] : [`${count}`]),
    ...(percent === null ? [] : [`${percent} %`]),
  ].join(' or ');
