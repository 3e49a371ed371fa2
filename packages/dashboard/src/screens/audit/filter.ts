/** What of the log is looked at, as it stands in the address; an empty text: whatever. */
export type Filter = {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** one of `SPANS`, or `between` */
  readonly when: string;
  /** ISO 8601 in UTC, with `between` */
  readonly since: string;
  readonly until: string;
};

const HOUR_MS = 3_600_000;
export const SPANS = [
  { value: '', label: 'At any time' },
  { value: '1h', label: 'In the last hour', ms: HOUR_MS },
  { value: '1d', label: 'In the last 24 hours', ms: 24 * HOUR_MS },
  { value: '7d', label: 'In the last 7 days', ms: 7 * 24 * HOUR_MS },
  { value: '30d', label: 'In the last 30 days', ms: 30 * 24 * HOUR_MS },
  { value: 'between', label: 'Between …' },
] as const;

/** Beginnings of the names of actions: what each is about. */
export const ABOUT = [
  'build.',
  'channel.',
  'claim.',
  'command.',
  'database.',
  'device.',
  'fleet.',
  'group.',
  'images.',
  'key.',
  'login.',
  'release.',
  'retention.',
  'rollout.',
  'session.',
  'source.',
  'tenant.',
  'token.',
  'trigger.',
  'user.',
  'virtual-device.',
  'webhook.',
] as const;

type Asked = {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly since?: string;
  readonly until?: string;
};

const given = (name: keyof Asked, text: string): Asked => (text === '' ? {} : { [name]: text });

/** What is asked of the server. */
export const toQuery = (filter: Filter, now: number): Asked => {
  const span = SPANS.find(({ value }) => value === filter.when);
  const times =
    filter.when === 'between'
      ? { ...given('since', filter.since), ...given('until', filter.until) }
      : span !== undefined && 'ms' in span
        ? { since: new Date(now - span.ms).toISOString() }
        : {};
  return {
    ...given('actor', filter.actor.trim()),
    ...given('action', filter.action.trim()),
    ...given('subject', filter.subject.trim()),
    ...times,
  };
};

const pad = (value: number): string => String(value).padStart(2, '0');

/** As a field for local date and time has it, such as `2026-11-26T05:36`. */
export const toLocalField = (iso: string): string => {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const date = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  return `${date}T${pad(time.getHours())}:${pad(time.getMinutes())}`;
};

export const fromLocalField = (text: string): string => {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
};
