import { stagesOf, type ExecutionState, type Rollout, type Wave } from '@slipway/protocol';

/** What a device of a rollout is to whoever looks: where it is on its way. */
export type Stage =
  | 'healthy'
  | 'soaking'
  | 'trial'
  | 'preparing'
  | 'open'
  | 'failed'
  | 'returning'
  | 'back'
  | 'stuck'
  | 'other';

export type StageLook = {
  readonly stage: Stage;
  readonly label: string;
  /** what it means, for whoever points at it */
  readonly about: string;
  readonly color: string;
};

/** In the order in which they are drawn; told apart also by people who see few colours. */
export const STAGES: readonly StageLook[] = [
  { stage: 'healthy', label: 'Healthy', about: 'committed the release and stayed healthy', color: '#2f9e44' },
  {
    stage: 'soaking',
    label: 'Soaking',
    about: 'committed; must stay healthy for a while before they count',
    color: '#66a80f',
  },
  { stage: 'trial', label: 'On trial', about: 'restart into the release and prove it', color: '#9c36b5' },
  {
    stage: 'preparing',
    label: 'Under way',
    about: 'were offered the release; download, verify, install',
    color: '#1c7ed6',
  },
  { stage: 'failed', label: 'Failed', about: 'went back, or did not get that far', color: '#e03131' },
  {
    stage: 'returning',
    label: 'Going back',
    about: 'committed it, and were told to restart into the release before',
    color: '#f08c00',
  },
  {
    stage: 'stuck',
    label: 'Did not go back',
    about: 'were told to go back several times, and still run it',
    color: '#a61e4d',
  },
  {
    stage: 'back',
    label: 'Back',
    about: 'committed it and went back to the release before',
    color: '#e8590c',
  },
  {
    stage: 'other',
    label: 'Left out',
    about: 'their offer was taken back, or is tried again later',
    color: '#868e96',
  },
  { stage: 'open', label: 'To come', about: 'not offered the release yet', color: '#ced4da' },
];

export type StageCounts = Readonly<Record<Stage, number>>;

const PREPARING = ['OFFERED', 'ACCEPTED', 'DEFERRED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING'] as const;
const TRIAL = ['REBOOTING', 'TRIAL'] as const;

const sum = (counts: Wave['counts'], states: readonly ExecutionState[]): number =>
  states.reduce((total, state) => total + (counts[state] ?? 0), 0);

/** Where the devices of a wave are. An older server does not say how many soak: then what committed and is not healthy does. */
export const stagesOfWave = (wave: Wave): StageCounts => {
  const { counts, healthy, failed, open, back } = wave;
  const { done = 0, open: returning = 0, stuck = 0 } = back ?? {};
  const gone = done + returning + stuck;
  const unwell = wave.unwell ?? 0;
  const soaking = wave.soaking ?? Math.max(0, (counts.COMMITTED ?? 0) - healthy - unwell - gone);
  const known = {
    healthy,
    soaking,
    trial: sum(counts, TRIAL),
    preparing: sum(counts, PREPARING),
    failed,
    open,
  };
  const all = Object.values(known).reduce((total, count) => total + count, 0) + gone;
  return { ...known, returning, back: done, stuck, other: Math.max(0, (wave.size ?? 0) - all) };
};

const NONE: StageCounts = {
  healthy: 0,
  soaking: 0,
  trial: 0,
  preparing: 0,
  failed: 0,
  returning: 0,
  back: 0,
  stuck: 0,
  other: 0,
  open: 0,
};

/** Of all its waves together; while devices are still looked through, those to come are told by the rollout itself. */
export const stagesOfRollout = (rollout: Rollout): StageCounts => {
  const total = rollout.waves.map(stagesOfWave).reduce((a, b) => {
    const both = { ...a };
    for (const { stage } of STAGES) both[stage] += b[stage];
    return both;
  }, NONE);
  return { ...total, open: Math.max(total.open, stagesOf(rollout).open.devices) };
};

export const totalOf = (counts: StageCounts): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** Of those that are decided: 0 to 1; undefined: none is. */
export const successOf = ({ healthy, soaking, failed }: StageCounts): number | undefined =>
  healthy + soaking + failed === 0 ? undefined : (healthy + soaking) / (healthy + soaking + failed);

export type Gauge = {
  /** devices so far, and at how many it is reached */
  readonly now: number;
  readonly limit: number;
  /** how it was said: `3 devices`, `2 % of 150` */
  readonly said: string;
};

/** How near failures are to what ends the rollout: by the number or the share, whichever comes first. */
export const failureGauge = ({ failure }: Pick<Wave, 'failure'>): Gauge | undefined => {
  const { count, percent, now, of } = failure;
  const share = percent === null ? undefined : Math.max(1, Math.ceil((of * percent) / 100 - 1e-9));
  const [limit] = [count ?? undefined, share].filter((one) => one !== undefined).toSorted((a, b) => a - b);
  if (limit === undefined) return undefined;
  const said = [
    ...(count === null ? [] : [`${count} ${count === 1 ? 'device' : 'devices'}`]),
    ...(percent === null ? [] : [`${percent} % of ${of}`]),
  ].join(' or ');
  return { now, limit, said };
};

/** Waves without a threshold of their own have that of the rollout, for the failures of all of them together. */
export const sharesFailures = ({ failure, size }: Pick<Wave, 'failure' | 'size'>): boolean =>
  failure.of > (size ?? 0);

export const successGauge = ({
  success,
  size,
  healthy,
}: Pick<Wave, 'success' | 'size' | 'healthy'>): Gauge => {
  if (success === null) return { now: healthy, limit: size ?? 0, said: 'all devices decided' };
  const said = [
    ...(success.count === null ? [] : [`${success.count} devices`]),
    ...(success.percent === null ? [] : [`${success.percent} %`]),
  ].join(' or ');
  return { now: success.now, limit: success.of, said };
};

/** What a wave is called where it has no name of its own. */
export const nameOfWave = ({ index, name, who }: Pick<Wave, 'index' | 'name' | 'who'>): string =>
  name ?? `${index + 1}. ${whoText(who)}`;

export const whoText = ({ devices, count, percent, query }: Wave['who']): string => {
  if (devices !== undefined)
    return devices.length === 1 ? (devices[0] ?? '') : `${devices.length} named devices`;
  if (count !== undefined) return `${count} ${count === 1 ? 'device' : 'devices'}`;
  if (percent !== undefined) return `up to ${percent} %`;
  if (query !== undefined) return query;
  return 'everybody else';
};
