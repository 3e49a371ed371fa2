import type { Activity, AttentionTarget } from '@slipway/protocol';

export const devicesPath = (query: string): string =>
  query === '' ? '/devices' : `/devices?${new URLSearchParams({ query }).toString()}`;

const PLACES = {
  build: 'builds',
  release: 'releases',
  rollout: 'rollouts',
} as const;

/** Where somebody looks after what needs them. */
export const targetPath = (target: AttentionTarget): string => {
  switch (target.kind) {
    case 'devices':
      return devicesPath(target.query);
    case 'build':
    case 'release':
    case 'rollout':
      return `/${PLACES[target.kind]}/${target.id}`;
    case 'webhook':
      return '/settings/webhooks';
    case 'key':
      return '/settings/keys';
    case 'system':
      return '/settings/instance';
    default:
      return target satisfies never;
  }
};

export const activityPath = ({ kind, id }: Pick<Activity, 'kind' | 'id'>): string => `/${PLACES[kind]}/${id}`;
