import { KEY_WARNING_DAYS, type Key, type KeyPurpose } from '@slipway/protocol';

const DAY_MS = 86_400_000;

/** In words, in the order in which they are shown: what signs, then what names. */
export const PURPOSES: Readonly<Record<KeyPurpose, string>> = {
  'release-signer': 'Signs releases',
  'release-intermediate': 'Stands between signer and root',
  'release-root': 'Devices trust releases by it',
  'device-authority': 'Signs certificates of devices',
  'server-authority': 'Devices trust servers by it',
  'enrolment-server': 'The server towards devices',
  'broker-server': 'The broker towards gateways',
  'gateway-client': 'The gateway towards the broker',
};

/** Negative where it has ended. */
export const daysLeft = ({ notAfter }: Pick<Key, 'notAfter'>, now: number): number =>
  Math.floor((Date.parse(notAfter) - now) / DAY_MS);

/** By the measure of what has to be done before: what is in images takes longer than a restart. */
export const endsSoon = (key: Pick<Key, 'notAfter' | 'purpose' | 'state'>, now: number): boolean =>
  key.state === 'current' && daysLeft(key, now) < KEY_WARNING_DAYS[key.purpose];

/** Those in use that end soon, or have ended though they are used: the soonest first. */
export const endingSoon = (keys: readonly Key[], now: number): Key[] =>
  keys.filter((key) => endsSoon(key, now)).sort((a, b) => a.notAfter.localeCompare(b.notAfter));

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const MANY_DAYS = 400;

/** `23 Nov 2036`; of one that ends within about a year with the days that are left. */
export const endOf = (key: Pick<Key, 'notAfter'>, now: number): string => {
  const left = daysLeft(key, now);
  const date = day.format(new Date(key.notAfter));
  if (left < 0) return `${date}, over`;
  return left > MANY_DAYS ? date : `${date}, ${left} ${left === 1 ? 'day' : 'days'} left`;
};
