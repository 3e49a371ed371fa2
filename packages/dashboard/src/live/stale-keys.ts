import type { LiveEvent } from '@slipway/protocol';

/**
 * First parts of the query keys that an event makes untrue. A screen names its queries by them: what is asked of rollouts
 * begins with `rollouts`. An event of one thing does not tell which lists it enters or leaves, so lists are read anew.
 */
const STALE: Readonly<Record<LiveEvent['kind'], readonly string[]>> = {
  build: ['builds', 'overview'],
  release: ['releases', 'channels', 'overview'],
  qualification: ['releases', 'qualifications', 'overview'],
  rollout: ['rollouts', 'overview'],
  execution: ['rollouts', 'executions'],
  device: ['devices', 'overview'],
  group: ['groups'],
  command: ['commands'],
  channel: ['channels', 'releases'],
  stop: ['stop', 'overview'],
  reset: [],
};

/** @returns undefined: everything */
export const staleKeys = ({ kind }: Pick<LiveEvent, 'kind'>): readonly string[] | undefined =>
  kind === 'reset' ? undefined : STALE[kind];
