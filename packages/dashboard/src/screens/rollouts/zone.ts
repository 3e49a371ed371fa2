const offset = new Intl.DateTimeFormat('en', { timeZoneName: 'longOffset' })
  .formatToParts(new Date())
  .find(({ type }) => type === 'timeZoneName')?.value;

/** Beside a moment that is typed: the zone that it counts in. */
export const ZONE = `in ${Intl.DateTimeFormat().resolvedOptions().timeZone} (${offset ?? 'UTC'})`;
