import type { Trigger } from '@slipway/protocol';

/** What sets a trigger off and what follows, in a sentence: `pushes to acme/images, then published`. */
export const toldOf = ({ on, rule, classes }: Pick<Trigger, 'on' | 'rule' | 'classes'>): string => {
  const set = (): string => {
    switch (on.kind) {
      case 'push':
        return on.repository === undefined ? 'pushes' : `pushes to ${on.repository}`;
      case 'registry':
        return `images pushed to a registry (${on.sender})`;
      case 'cron':
        return `at ${on.schedule} (${on.timeZone})`;
      case 'upstream':
        return `a look at tags and packages every ${on.everyMinutes} min`;
      case 'release':
        return `releases of ${on.deviceClass}${on.channel === undefined ? '' : ` on ${on.channel}`}`;
      default:
        return on satisfies never;
    }
  };
  const follows = [
    ...(rule.publish ? ['published'] : []),
    ...(rule.rollout === undefined ? [] : ['rolled out']),
  ].join(' and ');
  const which = classes === null ? 'every class' : classes.join(', ');
  return `${set()}: builds ${which}${follows === '' ? '' : `, then ${follows}`}`;
};
