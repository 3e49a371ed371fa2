import type { TriggerOn, TriggerRule } from '@slipway/protocol';

const FORGES = { github: 'GitHub', gitlab: 'GitLab', gitea: 'Gitea' } as const;
export const SENDERS = {
  distribution: 'a registry',
  harbor: 'Harbor',
  dockerhub: 'Docker Hub',
  ghcr: 'GitHub packages',
} as const;

const every = (minutes: number): string => {
  if (minutes % 1440 === 0) return minutes === 1440 ? 'every day' : `every ${minutes / 1440} days`;
  if (minutes % 60 === 0) return minutes === 60 ? 'every hour' : `every ${minutes / 60} hours`;
  return minutes === 1 ? 'every minute' : `every ${minutes} minutes`;
};

/** What sets a trigger off, in words. */
export const setOffBy = (on: TriggerOn): string => {
  switch (on.kind) {
    case 'push':
      return on.forge === undefined
        ? 'a push to the branch of its source'
        : `a push to ${on.repository ?? 'any repository'} on ${FORGES[on.forge]}`;
    case 'registry':
      return `an image pushed to ${SENDERS[on.sender]}${on.images === undefined ? '' : `: ${on.images.join(', ')}`}`;
    case 'cron':
      return `the time ${on.schedule} (${on.timeZone})`;
    case 'upstream':
      return `what changed upstream, looked for ${every(on.everyMinutes)}`;
    case 'release':
      return `a release of ${on.deviceClass}${on.channel === undefined ? '' : ` in ${on.channel}`}`;
    default:
      return on satisfies never;
  }
};

/** What follows a build that succeeded. */
export const follows = ({ publish, rollout, channel, branches }: TriggerRule): string => {
  const channels = branches?.flatMap((branch) => branch.channel ?? []) ?? [];
  const where = channel ?? (channels.length > 0 ? channels.join(', ') : undefined);
  if (!publish) return 'stays a draft';
  const published = `is published${where === undefined ? '' : ` to ${where}`}`;
  return rollout === undefined ? published : `${published}, then rolled out`;
};
