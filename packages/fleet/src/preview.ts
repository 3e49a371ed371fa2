import type {
  Release,
  ReleaseId,
  RolloutCreate,
  RolloutPreview,
  RolloutWarning,
  SteppingStone,
  WaveCreate,
  WavePreview,
} from '@slipway/protocol';
import { dealWaves, type Cell } from './deal-waves.ts';
import { estimateWaves, type EstimatedWave, type EstimateRules, type Pace } from './estimate.ts';
import { nextOpening } from './window-times.ts';

/** Devices that are alike in all that a preview tells of. */
export type DeviceKind = {
  readonly version: string | null;
  readonly online: boolean;
  /** they run the release already */
  readonly current: boolean;
  /** stepping stones that they take before it */
  readonly through: readonly SteppingStone[];
  /** of their windows: a name that this machine knows, or an offset such as `+01:00`; null: not known */
  readonly timeZone: string | null;
};

/** How earlier updates went that have committed. */
export type EarlierUpdates = {
  readonly updates: number;
  readonly of: 'release' | 'class';
  /** of what bundles have, the part that had to be loaded; null: nothing is known */
  readonly loaded: number | null;
  /** as half of them went, and as nine of ten; null: nothing is known */
  readonly likely: Pace | null;
  readonly slow: Pace | null;
};

/** What is known at the time of a preview. */
export type PreviewFacts = {
  readonly release: Pick<Release, 'id' | 'deviceClass' | 'version'>;
  readonly cells: readonly (DeviceKind & Cell)[];
  /** of the bundles of the release and the stones, in bytes */
  readonly sizes: ReadonlyMap<ReleaseId, number>;
  readonly earlier: EarlierUpdates;
  readonly overlaps: RolloutPreview['overlaps'];
  readonly halted: boolean;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Of some devices of each cell. */
type Share = readonly { readonly kind: DeviceKind; readonly devices: number }[];

const count = (share: Share, holds: (kind: DeviceKind) => boolean): number =>
  sum(share.map(({ kind, devices }) => (holds(kind) ? devices : 0)));

const countsOf = (share: Share): Pick<WavePreview, 'devices' | 'current' | 'online'> => ({
  devices: count(share, () => true),
  current: count(share, ({ current }) => current),
  online: count(share, ({ current, online }) => !current && online),
});

const bytesOf = (share: Share, { release, sizes, earlier }: PreviewFacts): RolloutPreview['bytes'] => {
  const loads = share.map(({ kind, devices }) => {
    if (kind.current) return 0;
    const way = [...kind.through.map((stone) => stone.release), release.id];
    return devices * sum(way.map((id) => sizes.get(id) ?? 0));
  });
  const most = sum(loads);
  return { most, expected: earlier.loaded === null ? null : Math.round(most * earlier.loaded) };
};

const routesOf = (share: Share): RolloutPreview['routes'] => {
  const routes = new Map<string, RolloutPreview['routes'][number]>();
  for (const { kind, devices } of share) {
    if (kind.current || devices === 0) continue;
    const through = kind.through.map(({ release, version }) => ({ release, version }));
    const name = JSON.stringify([kind.version, through]);
    routes.set(name, {
      from: kind.version,
      through,
      devices: devices + (routes.get(name)?.devices ?? 0),
    });
  }
  return [...routes.values()].toSorted((one, other) => other.devices - one.devices);
};

/** Devices of which nothing is known are as if in UTC. */
const zonesOf = (share: Share): EstimateRules['zones'] => {
  const here = share.filter(({ kind, devices }) => kind.online && !kind.current && devices > 0);
  const all = sum(here.map(({ devices }) => devices));
  if (all === 0) return [{ timeZone: 'UTC', share: 1 }];
  return [...Map.groupBy(here, ({ kind }) => kind.timeZone ?? 'UTC')].map(([timeZone, of]) => ({
    timeZone,
    share: sum(of.map(({ devices }) => devices)) / all,
  }));
};

/** Devices to be updated by the zone of their windows, and when those first open. */
const zonesWithWindows = (asked: RolloutCreate, share: Share, now: Date): RolloutPreview['zones'] => {
  const { windows, deadline } = asked.policy ?? {};
  if (windows === undefined) return [];
  const waiting = share.filter(({ kind, devices }) => !kind.current && devices > 0);
  return [...Map.groupBy(waiting, ({ kind }) => kind.timeZone)]
    .map(([timeZone, of]) => ({
      timeZone,
      devices: count(of, () => true),
      online: count(of, ({ online }) => online),
      opensAt: new Date(nextOpening(windows, timeZone ?? 'UTC', startOf(asked, now), deadline)).toISOString(),
    }))
    .toSorted((one, other) => other.devices - one.devices);
};

const startOf = ({ startAt }: Pick<RolloutCreate, 'startAt'>, now: Date): number =>
  startAt === undefined ? now.getTime() : Math.max(now.getTime(), Date.parse(startAt));

const timesOf = (
  asked: RolloutCreate,
  waves: readonly WaveCreate[],
  shares: readonly Share[],
  pace: Pace | null,
  now: Date,
): readonly EstimatedWave[] | null => {
  if (pace === null) return null;
  const toEstimate = waves.map((wave, index) => ({
    // Those that are offline come when they come.
    updates: sum(
      (shares[index] ?? []).map(({ kind, devices }) =>
        kind.online && !kind.current ? devices * (1 + kind.through.length) : 0,
      ),
    ),
    maxInFlight: Math.min(asked.maxInFlight, wave.maxInFlight ?? asked.maxInFlight),
    soakSeconds: wave.soakSeconds ?? asked.soakSeconds ?? 0,
    ...(wave.success === undefined ? {} : { success: wave.success }),
  }));
  const rules = {
    policy: asked.policy ?? {},
    maxPerMinute: asked.maxPerMinute,
    zones: zonesOf(shares.flat()),
  };
  return estimateWaves(toEstimate, rules, pace, startOf(asked, now));
};

const secondsOf = (wave: EstimatedWave | undefined): number =>
  wave === undefined ? 0 : Math.round((wave.endsAt - wave.startsAt) / 1000);

const isoOf = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString();

/** What a rollout would do. Pure. */
export const describeWhatFollows = (asked: RolloutCreate, facts: PreviewFacts, now: Date): RolloutPreview => {
  const waves: readonly WaveCreate[] = asked.waves ?? [{}];
  const { release, cells, earlier, overlaps } = facts;
  const shares = dealWaves(waves, cells).map((takes) =>
    cells.map((kind, at) => ({ kind, devices: takes[at] ?? 0 })),
  );
  const estimate = (pace: Pace | null) => timesOf(asked, waves, shares, pace, now);
  const [least, likely, slow] = [
    estimate({ prepare: 0, restart: 0 }),
    estimate(earlier.likely),
    estimate(earlier.slow),
  ];
  const everybody = shares.flat();
  const preview = {
    release: release.id,
    deviceClass: release.deviceClass,
    version: release.version,
    ...countsOf(everybody),
    waves: waves.map((wave, index): WavePreview => {
      const share = shares[index] ?? [];
      return {
        index,
        name: wave.name ?? null,
        who: whoOf(wave),
        ...countsOf(share),
        bytes: bytesOf(share, facts),
        duration: {
          least: secondsOf(least?.[index]),
          likely: likely === null ? null : secondsOf(likely[index]),
          slow: slow === null ? null : secondsOf(slow[index]),
        },
        startsAt: isoOf(likely?.[index]?.startsAt),
        endsAt: isoOf(likely?.[index]?.endsAt),
        approval: wave.approval === true || (index === 0 && asked.approval === true),
      };
    }),
    routes: routesOf(everybody),
    zones: zonesWithWindows(asked, everybody, now),
    bytes: bytesOf(everybody, facts),
    duration: {
      least: sum((least ?? []).map(secondsOf)),
      likely: likely === null ? null : sum(likely.map(secondsOf)),
      slow: slow === null ? null : sum(slow.map(secondsOf)),
    },
    basis: { updates: earlier.updates, of: earlier.of },
    overlaps,
  };
  return { ...preview, warnings: warningsOf(asked, preview, facts) };
};

const whoOf = ({ devices, count: number, percent, query }: WaveCreate): WavePreview['who'] => ({
  ...(devices === undefined ? {} : { devices }),
  ...(number === undefined ? {} : { count: number }),
  ...(percent === undefined ? {} : { percent }),
  ...(query === undefined ? {} : { query }),
});

const some = (number: number): string => `${number} ${number === 1 ? 'device' : 'devices'}`;

/** Each with what could be done about it. */
const warningsOf = (
  asked: RolloutCreate,
  preview: Omit<RolloutPreview, 'warnings'>,
  { halted, cells }: PreviewFacts,
): RolloutWarning[] => {
  const { devices, current, online, waves, overlaps } = preview;
  const offline = devices - current - online;
  const warnings: (RolloutWarning | undefined)[] = [
    halted
      ? {
          code: 'EMERGENCY_STOP',
          message: 'an emergency stop is in force: nothing is offered before slipway resume',
        }
      : undefined,
    devices === current
      ? {
          code: 'NO_DEVICES',
          message:
            devices === 0
              ? 'no device is meant; those that come later are, while the rollout runs'
              : 'every device runs the release already',
        }
      : undefined,
    ...waves
      .filter((wave) => wave.devices === 0 && devices > 0)
      .map(({ index, name }): RolloutWarning => ({
        code: 'EMPTY_WAVE',
        message: `wave ${index + 1}${name === null ? '' : ` (${name})`} has no device; it would prove nothing`,
      })),
    offline > 0
      ? {
          code: 'OFFLINE',
          message: `${some(offline)} ${offline === 1 ? 'is' : 'are'} not connected; ${
            asked.offlinePatienceSeconds === undefined
              ? 'a wave waits for all of its devices, unless it has a success threshold or the rollout an end of its patience with them'
              : `a wave leaves out those that have not come ${asked.offlinePatienceSeconds} s after it began`
          }`,
        }
      : undefined,
    ...overlaps.map((other): RolloutWarning => ({
      code: 'OVERLAP',
      message:
        `rollout ${other.rollout} of ${other.version} (priority ${other.priority}) is under way on ${some(other.devices)}: ` +
        ((asked.priority ?? 50) > other.priority
          ? 'this one goes first on them'
          : 'this one waits for it on them'),
    })),
    asked.policy?.mode === 'download'
      ? {
          code: 'DOWNLOAD_ONLY',
          message:
            'devices only download; nothing commits, and no wave passes, until the policy says otherwise',
        }
      : undefined,
    asked.policy?.mode === 'soft'
      ? {
          code: 'NEEDS_CONSENT',
          message:
            'somebody at each device must accept the restart' +
            (asked.policy.deadline === undefined ? ', and no --deadline goes on without' : '') +
            '; that takes longer than is estimated',
        }
      : undefined,
    asked.policy?.windows !== undefined &&
    cells.some(({ timeZone, current: runs }) => timeZone === null && !runs)
      ? {
          code: 'NO_TIME_ZONE',
          message:
            'of some devices the time zone is not known; their windows are estimated as if it were UTC',
        }
      : undefined,
    endsTooEarly(asked, preview),
  ];
  return warnings.filter((warning) => warning !== undefined);
};

const endsTooEarly = (
  { endAt }: RolloutCreate,
  { waves }: Omit<RolloutPreview, 'warnings'>,
): RolloutWarning | undefined => {
  const likely = waves.at(-1)?.endsAt;
  if (
    endAt === undefined ||
    likely === undefined ||
    likely === null ||
    Date.parse(likely) <= Date.parse(endAt)
  )
    return undefined;
  return {
    code: 'ENDS_TOO_EARLY',
    message: `it would be likely to go on until ${likely}, but offers nothing after ${endAt}`,
  };
};
