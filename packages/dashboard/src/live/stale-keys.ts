import type { LiveEvent } from '@slipway/protocol';

/**
 * First parts of the query keys that an event makes untrue. A screen names its queries by them: what is asked of rollouts
 * begins with `rollouts`. An event of one thing does not tell which lists it enters or leaves, so lists are read anew.
 */
const STALE: Readonly<Record<LiveEvent['kind'], readonly string[]>> = {
  build: ['builds', 'overview', 'first-run'],
  release: ['releases', 'channels', 'overview', 'first-run'],
  qualification: ['releases', 'qualifications', 'overview'],
  rollout: ['rollouts', 'overview', 'first-run'],
  execution: ['rollouts', 'executions', 'first-run'],
  device: ['devices', 'overview', 'first-run'],
  group: ['groups'],
  command: ['commands'],
  channel: ['channels', 'releases'],
  stop: ['stop', 'overview'],
  'virtual-device': ['virtual-devices'],
  audit: ['audit'],
  delivery: ['webhook-deliveries', 'webhooks'],
  reset: [],
};

/** @returns undefined: everything */
export const staleKeys = ({ kind }: Pick<LiveEvent, 'kind'>): readonly string[] | undefined =>
  kind === 'reset' ? undefined : STALE[kind];
