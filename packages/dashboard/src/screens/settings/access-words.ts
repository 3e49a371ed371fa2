import type { Access, Role } from '@slipway/protocol';

/** What each access is for, to whoever gives it away. */
export const ACCESS_WORDS: Readonly<Record<Access, string>> = {
  read: 'look at everything',
  operate: 'devices and groups: commands, claims, acceptance, emergency stop',
  release: 'builds, releases, channels, triggers, rollouts',
  approve: 'say yes to rollouts that another has prepared',
  admin: 'people, tokens, keys, settings',
};

export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: 'looks',
  operator: 'looks, and operates devices',
  releaser: 'operates, builds, publishes, rolls out',
  approver: 'looks, and approves rollouts of others',
  admin: 'everything',
};
