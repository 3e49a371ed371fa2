import { Anchor } from '@mantine/core';
import type { Rollout } from '@slipway/protocol';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Facts } from '../../parts/facts.tsx';
import { count, span } from '../../parts/numbers.ts';
import { Time } from '../../parts/time.tsx';
import { windowText } from './windows.ts';

const ON_FAILURE = {
  stop: 'it ends, devices on trial finish',
  pause: 'it pauses and waits for a person',
  rollback: 'it ends, and devices that committed go back',
} as const;

const MODES = {
  install: 'install and restart by itself',
  soft: 'restart once somebody at the device consents',
  download: 'download only, and wait',
} as const;

/** What was asked for when the rollout was made, as it is in force. */
export const PlanFacts = ({ rollout }: { readonly rollout: Rollout }) => {
  const { policy, retries } = rollout;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'Release',
      <Anchor key="release" component={Link} to={`/releases/${rollout.release}`} inherit>
        {rollout.version}
      </Anchor>,
    ],
    ['Devices', targetText(rollout)],
    ['Created', <ByWhom key="created" rollout={rollout} />],
    ['At once', `${count(rollout.maxInFlight)} devices`],
    [
      'Offers',
      rollout.maxPerMinute === null ? 'as fast as that allows' : `${count(rollout.maxPerMinute)} a minute`,
    ],
    [
      'Ends at',
      [
        `${count(rollout.failureThreshold)} failed`,
        ...(rollout.failurePercent === null ? [] : [`${rollout.failurePercent} % failed`]),
      ].join(' or '),
    ],
    ['Then', ON_FAILURE[rollout.onFailure]],
    ['Soak', rollout.soakSeconds === 0 ? 'none' : span(rollout.soakSeconds * 1000)],
    [
      'Retries',
      retries === null ? 'none' : `${retries.max}, first after ${span(retries.backoffSeconds * 1000)}`,
    ],
    ['Penalty', rollout.penaltySeconds === 0 ? 'none' : span(rollout.penaltySeconds * 1000)],
    ['Priority', `${rollout.priority} of 100`],
    ['Offline devices', patienceText(rollout.offlinePatienceSeconds)],
    ['Mode', MODES[policy.mode ?? 'install']],
    ['Windows', policy.windows === undefined ? 'at any time' : policy.windows.map(windowText).join('; ')],
    [
      'Starts',
      rollout.startAt === null ? 'at once' : <Time key="start" value={rollout.startAt} as="local" />,
    ],
    ['Offers end', rollout.endAt === null ? 'never' : <Time key="end" value={rollout.endAt} as="local" />],
  ];
  return <Facts facts={facts} />;
};

const ByWhom = ({ rollout }: { readonly rollout: Rollout }) => (
  <>
    {rollout.createdBy === '' ? 'unknown' : rollout.createdBy}, <Time value={rollout.createdAt} />
  </>
);

const patienceText = (seconds: number | null | undefined): string =>
  seconds === null || seconds === undefined
    ? 'are waited for as long as it takes'
    : `are left out of a wave after ${span(seconds * 1000)}`;

export const targetText = ({
  group,
  query,
  channel,
}: Pick<Rollout, 'group' | 'query' | 'channel'>): string => {
  const parts = [
    ...(query === undefined ? [] : [query]),
    ...(group === undefined ? [] : [`group ${group}`]),
    ...(channel === undefined ? [] : [`those that follow ${channel}`]),
  ];
  return parts.length === 0 ? 'of the class, or as named' : parts.join(', ');
};
