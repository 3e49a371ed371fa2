import type { AlarmName, Attention, AttentionCode, DeviceCounts, Severity } from '@slipway/protocol';
import type { Facts } from './facts.ts';

/** What the process that is asked knows of the server itself. */
export type ServerFacts = {
  readonly storeIsFull: boolean;
  readonly workers: number;
  /** builds that are not over */
  readonly builds: number;
};

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

const many = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const devicesOf = (
  code: AttentionCode,
  severity: Severity,
  query: string,
  what: (count: number) => string,
  advice: string,
) => ({ code, severity, query, what, advice });

const has = (count: number): string => (count === 1 ? 'has' : 'have');
const is = (count: number): string => (count === 1 ? 'is' : 'are');

const OF_ALARM: Readonly<Record<AlarmName, ReturnType<typeof devicesOf>>> = {
  unhealthy: devicesOf(
    'DEVICES_UNHEALTHY',
    'critical',
    'alarm = unhealthy',
    (n) => `${many(n, 'device')} ${is(n)} unhealthy`,
    'A gate of the health check does not hold. Look at the services and logs of one of them.',
  ),
  degraded: devicesOf(
    'DEVICES_DEGRADED',
    'warning',
    'alarm = degraded',
    (n) => `${many(n, 'device')} ${has(n)} no way back, or a service that has stopped`,
    'A slot that failed is written anew by the next update.',
  ),
  offline: devicesOf(
    'DEVICES_OFFLINE',
    'warning',
    'alarm = offline',
    (n) => `${many(n, 'device')} ${has(n)} been offline for more than a day`,
    'Look at power and network where they stand; decommission those that do not come back.',
  ),
  disk_full: devicesOf(
    'DISK_FULL',
    'warning',
    'alarm = disk_full',
    (n) => `${many(n, 'disk')} ${is(n)} at least 90 % full`,
    'Free room on the data partition before updates fail.',
  ),
  hot: devicesOf(
    'DEVICES_HOT',
    'warning',
    'alarm = hot',
    (n) => `${many(n, 'device')} ${is(n)} at 85 °C or more`,
    'Look at cooling and load.',
  ),
  certificate_expiring: devicesOf(
    'CERTIFICATES_EXPIRING',
    'warning',
    'alarm = certificate_expiring',
    (n) => `${many(n, 'device certificate')} ${n === 1 ? 'ends' : 'end'} within 14 days, or ${has(n)} ended`,
    'Devices that are well renew by themselves: these cannot reach the server, or their clock is wrong.',
  ),
  service_restarting: devicesOf(
    'SERVICES_RESTARTING',
    'warning',
    'alarm = service_restarting',
    (n) => `${many(n, 'device')} ${has(n)} a service that keeps restarting`,
    'Read the log of the service on one of them.',
  ),
};

const ofServer = ({ stop }: Facts, { storeIsFull, workers, builds }: ServerFacts): Attention[] => {
  const target = { kind: 'system' } as const;
  return [
    ...(stop.stopped
      ? [
          {
            code: 'FLEET_STOPPED' as const,
            severity: 'critical' as const,
            title: `Emergency stop: ${stop.reason ?? ''}`,
            advice: 'No device is offered anything until it is lifted.',
            count: 1,
            target,
            ...(stop.at === null ? {} : { since: stop.at }),
          },
        ]
      : []),
    ...(stop.gateways === 0
      ? [
          {
            code: 'NO_GATEWAY' as const,
            severity: 'critical' as const,
            title: 'No gateway runs',
            advice: 'Devices are not served. Start a gateway, or look at the log of the one that ended.',
            count: 1,
            target,
          },
        ]
      : []),
    ...(storeIsFull
      ? [
          {
            code: 'STORE_FULL' as const,
            severity: 'critical' as const,
            title: 'The artifact store has too little room',
            advice: 'Builds are refused. Give the disk more room, or let the server keep less.',
            count: 1,
            target,
          },
        ]
      : []),
    ...(workers === 0 && builds > 0
      ? [
          {
            code: 'NO_BUILD_WORKER' as const,
            severity: 'warning' as const,
            title: `${many(builds, 'build')} ${builds === 1 ? 'waits' : 'wait'}, and no build worker lives`,
            advice: 'Start a builder.',
            count: builds,
            target,
          },
        ]
      : []),
  ];
};

const ofDevices = ({ behind, stuck }: Facts, counts: DeviceCounts): Attention[] => [
  ...counts.byAlarm.flatMap(({ value, count }) => {
    if (count === 0) return [];
    const { code, severity, query, what, advice } = OF_ALARM[value];
    return [
      { code, severity, title: what(count), advice, count, target: { kind: 'devices' as const, query } },
    ];
  }),
  ...counts.byState.flatMap(({ value, count }) =>
    value === 'pending' && count > 0
      ? [
          {
            code: 'DEVICES_PENDING' as const,
            severity: 'info' as const,
            title: `${many(count, 'device')} ${count === 1 ? 'waits' : 'wait'} to be let in`,
            advice: 'Accept those that you know, reject the others.',
            count,
            target: { kind: 'devices' as const, query: 'state = pending' },
          },
        ]
      : [],
  ),
  ...stuck.map(({ rollout, version, count }) => ({
    code: 'UPDATES_STUCK' as const,
    severity: 'warning' as const,
    title: `${many(count, 'device')} ${has(count)} been silent for half an hour on the way to ${version}`,
    advice: 'Look at one of them; they are given up after their deadline.',
    count,
    target: { kind: 'rollout' as const, id: rollout },
  })),
  ...behind.map(({ deviceClass, channel, version, count }) => ({
    code: 'DEVICES_BEHIND' as const,
    severity: 'info' as const,
    title: `${many(count, 'device')} of ${deviceClass} ${is(count)} behind ${channel === null ? version : `${channel} (${version})`}`,
    advice: 'Plan a rollout of it.',
    count,
    target: {
      kind: 'devices' as const,
      query: `class = ${deviceClass} and version < ${version} and ${channel === null ? 'not has channel' : `channel = ${channel}`}`,
    },
  })),
];

const ROLLOUT = {
  stopped: {
    code: 'ROLLOUT_STOPPED',
    severity: 'critical',
    what: 'stopped',
    advice: 'Look at the failures by their codes, then go on, roll back, or publish a fix.',
  },
  paused: {
    code: 'ROLLOUT_PAUSED',
    severity: 'warning',
    what: 'is paused',
    advice: 'Resume it, or abort it.',
  },
  pending: {
    code: 'ROLLOUT_APPROVAL',
    severity: 'info',
    what: 'waits for an approval',
    advice: 'Somebody else than who made it says yes or no.',
  },
} as const;

const ofReleases = ({ builds, qualifications, rollouts }: Facts): Attention[] => [
  ...rollouts.flatMap(({ id, deviceClass, version, state, reason, at }) => {
    if (state !== 'stopped' && state !== 'paused' && state !== 'pending') return [];
    const { code, severity, what, advice } = ROLLOUT[state];
    const why = reason === null || reason === '' ? '' : `: ${reason}`;
    return [
      {
        code,
        severity,
        title: `The rollout of ${version} to ${deviceClass} ${what}${why}`,
        advice,
        count: 1,
        target: { kind: 'rollout' as const, id },
        since: at.toISOString(),
      },
    ];
  }),
  ...builds.map(({ id, deviceClass, version, code, finishedAt }) => ({
    code: 'BUILD_FAILED' as const,
    severity: 'warning' as const,
    title: `The newest build of ${deviceClass}, ${version}, failed${code === null ? '' : ` (${code})`}`,
    advice: 'Read its log, mend the image repository, and build anew.',
    count: 1,
    target: { kind: 'build' as const, id },
    ...(finishedAt === null ? {} : { since: finishedAt.toISOString() }),
  })),
  ...qualifications.map(({ release, deviceClass, version, code, finishedAt }) => ({
    code: 'QUALIFICATION_FAILED' as const,
    severity: 'warning' as const,
    title: `${version} of ${deviceClass} failed its qualification${code === null ? '' : ` (${code})`}`,
    advice: 'Read the console of the virtual device.',
    count: 1,
    target: { kind: 'release' as const, id: release },
    ...(finishedAt === null ? {} : { since: finishedAt.toISOString() }),
  })),
];

const ofSettings = ({ keys, webhooks }: Facts, now: Date): Attention[] => [
  ...keys.map(({ id, purpose, notAfter }) => {
    const isOver = new Date(notAfter) <= now;
    return {
      code: 'KEY_EXPIRING' as const,
      severity: isOver ? ('critical' as const) : ('warning' as const),
      title: `The certificate of the ${purpose} ${isOver ? 'has ended' : 'ends soon'}`,
      advice: 'Rotate the key; the page on keys tells how.',
      count: 1,
      target: { kind: 'key' as const, id },
      since: notAfter,
    };
  }),
  ...webhooks.map(({ id, url, enabled, reason, failingSince }) => ({
    code: 'WEBHOOK_FAILING' as const,
    severity: 'warning' as const,
    title: enabled ? `A webhook fails: ${url}` : `A webhook is switched off: ${reason ?? url}`,
    advice: 'Mend the receiver, then send a ping; deliveries that failed can be sent again.',
    count: 1,
    target: { kind: 'webhook' as const, id },
    ...(failingSince === null ? {} : { since: failingSince.toISOString() }),
  })),
];

/** What needs somebody, worst first; of equal ones in the order of what they are about. */
export const attentionOf = (
  facts: Facts,
  counts: DeviceCounts,
  server: ServerFacts,
  now: Date,
): Attention[] =>
  [
    ...ofServer(facts, server),
    ...ofReleases(facts),
    ...ofDevices(facts, counts),
    ...ofSettings(facts, now),
  ].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
