import { RolloutCreate, type MaintenanceWindow, type OnFailure } from '@slipway/protocol';
import { momentOf } from './local-moment.ts';

/** A number that is being typed: none yet, or none wanted. */
export type Typed = number | '';

export type Who = 'devices' | 'query' | 'count' | 'percent' | 'rest';

export type WaveDraft = {
  readonly name: string;
  readonly who: Who;
  /** ids, or a query */
  readonly text: string;
  /** devices, or a share */
  readonly number: Typed;
  readonly soakMinutes: Typed;
  readonly successPercent: Typed;
  readonly failureCount: Typed;
  readonly failurePercent: Typed;
  readonly maxInFlight: Typed;
  readonly approval: boolean;
};

export type Draft = {
  readonly release: string;
  readonly force: boolean;
  readonly target: 'class' | 'query' | 'group' | 'devices';
  readonly query: string;
  readonly group: string;
  readonly devices: string;
  readonly channel: string;
  readonly waves: readonly WaveDraft[];
  readonly failureThreshold: Typed;
  readonly failurePercent: Typed;
  readonly onFailure: OnFailure;
  readonly soakMinutes: Typed;
  readonly retries: Typed;
  readonly backoffMinutes: Typed;
  readonly penaltyHours: Typed;
  readonly maxInFlight: Typed;
  readonly maxPerMinute: Typed;
  readonly offlineHours: Typed;
  readonly priority: Typed;
  readonly approval: boolean;
  /** in the zone of this browser, as an input of date and time has it; nothing: at once, never */
  readonly startAt: string;
  readonly endAt: string;
  readonly mode: 'install' | 'soft' | 'download';
  readonly windows: readonly MaintenanceWindow[];
  readonly deadline: string;
};

export const WAVE: WaveDraft = {
  name: '',
  who: 'percent',
  text: '',
  number: 10,
  soakMinutes: '',
  successPercent: '',
  failureCount: '',
  failurePercent: '',
  maxInFlight: '',
  approval: false,
};
const REST: WaveDraft = { ...WAVE, who: 'rest', number: '' };

/** Ways to begin that are right for most. */
export const PRESETS: readonly {
  readonly name: string;
  readonly about: string;
  readonly waves: readonly WaveDraft[];
}[] = [
  { name: 'All at once', about: 'one wave of everybody', waves: [REST] },
  {
    name: 'One device, then the rest',
    about: 'a canary that proves it for ten minutes',
    waves: [{ ...WAVE, name: 'canary', who: 'count', number: 1, soakMinutes: 10 }, REST],
  },
  {
    name: 'Careful',
    about: '1 %, 10 %, 50 %, everybody; each soaks an hour',
    waves: [
      { ...WAVE, number: 1, soakMinutes: 60 },
      { ...WAVE, number: 10, soakMinutes: 60 },
      { ...WAVE, number: 50, soakMinutes: 60 },
      REST,
    ],
  },
];

export const EMPTY: Draft = {
  release: '',
  force: false,
  target: 'class',
  query: '',
  group: '',
  devices: '',
  channel: '',
  waves: PRESETS[1]?.waves ?? [REST],
  failureThreshold: 1,
  failurePercent: '',
  onFailure: 'stop',
  soakMinutes: '',
  retries: '',
  backoffMinutes: 10,
  penaltyHours: '',
  maxInFlight: 100,
  maxPerMinute: '',
  offlineHours: '',
  priority: '',
  approval: false,
  startAt: '',
  endAt: '',
  mode: 'install',
  windows: [],
  deadline: '',
};

export const idsIn = (text: string): string[] => text.split(/[\s,;]+/).filter((id) => id !== '');

const seconds = (minutes: Typed): number | undefined =>
  minutes === '' ? undefined : Math.round(minutes * 60);
const hours = (value: Typed): number | undefined => (value === '' ? undefined : Math.round(value * 3600));
const given = <T>(name: string, value: T | '' | undefined): Record<string, T> =>
  value === '' || value === undefined ? {} : { [name]: value };
const threshold = (count: Typed, percent: Typed) =>
  count === '' && percent === '' ? undefined : { ...given('count', count), ...given('percent', percent) };

const waveOf = (wave: WaveDraft): Record<string, unknown> => {
  const { name, who, text, number, maxInFlight, approval } = wave;
  return {
    ...given('name', name.trim()),
    ...(who === 'devices' ? { devices: idsIn(text) } : {}),
    ...(who === 'query' ? { query: text.trim() } : {}),
    ...(who === 'count' ? given('count', number) : {}),
    ...(who === 'percent' ? given('percent', number) : {}),
    ...given('success', threshold('', wave.successPercent)),
    ...given('failure', threshold(wave.failureCount, wave.failurePercent)),
    ...given('soakSeconds', seconds(wave.soakMinutes)),
    ...given('maxInFlight', maxInFlight),
    ...(approval ? { approval } : {}),
  };
};

/** As many as no fleet has: then only the share counts. */
const NO_NUMBER = 1_000_000;

const bodyOf = (draft: Draft): Record<string, unknown> => {
  const { target, failureThreshold, failurePercent, retries, windows, mode, penaltyHours } = draft;
  const policy = {
    ...(mode === 'install' ? {} : { mode }),
    ...(windows.length === 0 ? {} : { windows }),
    ...given('deadline', secondsSince1970(draft.deadline)),
  };
  const [only] = draft.waves;
  const isPlain = draft.waves.length === 1 && only !== undefined && Object.keys(waveOf(only)).length === 0;
  return {
    release: draft.release,
    ...(draft.force ? { force: true } : {}),
    ...(target === 'query' ? { query: draft.query.trim() } : {}),
    ...(target === 'group' ? { group: draft.group } : {}),
    ...(target === 'devices' ? { devices: idsIn(draft.devices) } : {}),
    ...given('channel', target === 'class' ? draft.channel : ''),
    ...(isPlain ? {} : { waves: draft.waves.map(waveOf) }),
    failureThreshold: failureThreshold === '' ? (failurePercent === '' ? 1 : NO_NUMBER) : failureThreshold,
    ...given('failurePercent', failurePercent),
    ...(draft.onFailure === 'stop' ? {} : { onFailure: draft.onFailure }),
    ...given('soakSeconds', seconds(draft.soakMinutes)),
    ...(retries === '' || retries === 0
      ? {}
      : { retries: { max: retries, backoffSeconds: seconds(draft.backoffMinutes) ?? 600 } }),
    ...given('penaltySeconds', hours(penaltyHours)),
    ...given('maxInFlight', draft.maxInFlight),
    ...given('maxPerMinute', draft.maxPerMinute),
    ...given('offlinePatienceSeconds', hours(draft.offlineHours)),
    ...given('priority', draft.priority),
    ...(draft.approval ? { approval: true } : {}),
    ...given('startAt', momentOf(draft.startAt)),
    ...given('endAt', momentOf(draft.endAt)),
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
  };
};

const secondsSince1970 = (local: string): number | undefined => {
  const at = momentOf(local);
  return at === undefined ? undefined : Math.floor(Date.parse(at) / 1000);
};

/** What is not right yet, by the step where it is mended. */
export type Step = 'release' | 'devices' | 'waves' | 'safety' | 'pace';
export type Problem = { readonly step: Step; readonly text: string };

const STEP_OF: Readonly<Record<string, Step>> = {
  release: 'release',
  query: 'devices',
  group: 'devices',
  devices: 'devices',
  channel: 'devices',
  waves: 'waves',
  failureThreshold: 'safety',
  failurePercent: 'safety',
  onFailure: 'safety',
  soakSeconds: 'safety',
  retries: 'safety',
  penaltySeconds: 'safety',
};

const missing = (draft: Draft): Problem[] => [
  ...(draft.release === '' ? [{ step: 'release' as const, text: 'Choose a release.' }] : []),
  ...(draft.target === 'query' && draft.query.trim() === ''
    ? [{ step: 'devices' as const, text: 'Write a query, or take the whole class.' }]
    : []),
  ...(draft.target === 'group' && draft.group === ''
    ? [{ step: 'devices' as const, text: 'Choose a group.' }]
    : []),
  ...(draft.target === 'devices' && idsIn(draft.devices).length === 0
    ? [{ step: 'devices' as const, text: 'Name at least one device.' }]
    : []),
  ...draft.waves.flatMap(({ who, text, number }, at): Problem[] => {
    const wave = `Wave ${at + 1}`;
    if ((who === 'query' || who === 'devices') && text.trim() === '')
      return [{ step: 'waves', text: `${wave}: say which devices.` }];
    if ((who === 'count' || who === 'percent') && number === '')
      return [{ step: 'waves', text: `${wave}: say how many.` }];
    if (who === 'rest' && at < draft.waves.length - 1)
      return [{ step: 'waves', text: `${wave} is everybody who is left, so nobody is left for the next.` }];
    return [];
  }),
];

export type Checked =
  | { readonly body: RolloutCreate; readonly problems?: undefined }
  | { readonly body?: undefined; readonly problems: readonly Problem[] };

/** What the draft asks of the API, or what it still lacks. */
export const check = (draft: Draft): Checked => {
  const early = missing(draft);
  if (early.length > 0) return { problems: early };
  const body = bodyOf(draft);
  const parsed = RolloutCreate.safeParse(body);
  if (parsed.success) return { body: parsed.data };
  return {
    problems: parsed.error.issues.map(({ path, message }) => ({
      step: STEP_OF[String(path[0])] ?? 'pace',
      text: `${path.map((part) => (typeof part === 'number' ? part + 1 : part)).join(' ')}: ${message}`,
    })),
  };
};

const START: ReadonlyMap<string, unknown> = new Map(Object.entries(EMPTY));

/** What of a draft is other than from the start, as an address can carry it. */
export const encodeDraft = (draft: Draft): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(draft).filter(
        ([key, value]) => JSON.stringify(value) !== JSON.stringify(START.get(key)),
      ),
    ),
  );

/** From an address: a whole plan, or only what somebody came with. What makes no sense is left out. */
export const readDraft = (search: URLSearchParams): Draft => {
  const query = search.get('query');
  const group = search.get('group');
  const devices = search.get('devices');
  const came: Draft = {
    ...EMPTY,
    release: search.get('release') ?? '',
    channel: search.get('channel') ?? '',
    ...(query === null ? {} : { target: 'query', query }),
    ...(group === null ? {} : { target: 'group', group }),
    ...(devices === null ? {} : { target: 'devices', devices }),
  };
  const plan = { ...came, ...partOf(EMPTY, parsed(search.get('plan'))) };
  return { ...plan, waves: plan.waves.map((wave) => ({ ...WAVE, ...partOf(WAVE, wave) })) };
};

const parsed = (text: string | null): unknown => {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
};

/** What of some value is like the same part of an example. */
const partOf = <T extends object>(example: T, value: unknown): Partial<T> => {
  if (typeof value !== 'object' || value === null) return {};
  const examples = new Map<string, unknown>(Object.entries(example));
  const entries: [string, unknown][] = Object.entries(value);
  const found: unknown = Object.fromEntries(
    entries.filter(([key, one]) => examples.has(key) && isLike(one, examples.get(key))),
  );
  return isPart(example, found) ? found : {};
};

const isPart = <T extends object>(_example: T, value: unknown): value is Partial<T> =>
  typeof value === 'object' && value !== null;

/** A number may be left out, a list must have the right things in it. */
const isLike = (value: unknown, example: unknown): boolean => {
  if (Array.isArray(example))
    return Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null);
  if (typeof example === 'number' || example === '')
    return typeof value === 'number' || typeof value === 'string';
  return typeof value === typeof example;
};
