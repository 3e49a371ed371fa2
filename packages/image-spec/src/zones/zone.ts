import { ZONE_RULES } from './rules.ts';

/** What a device is told of its time zone: it knows rules, people and servers know names. */
export type Zone = {
  /** POSIX `TZ`, such as `CET-1CEST,M3.5.0,M10.5.0/3` */
  readonly rule: string;
  /** such as `Europe/Vienna`; absent: only the rule was given */
  readonly name?: string;
};

const RULE = /^(?:<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})[+-]?\d/;

/** @returns undefined where it is neither the name of a zone nor a rule */
export const zoneOf = (text: string): Zone | undefined => {
  if (RULE.test(text)) return { rule: text };
  const [rule] = ZONE_RULES.find(([, names]) => names.split(' ').includes(text)) ?? [];
  return rule === undefined ? undefined : { rule, name: text };
};
