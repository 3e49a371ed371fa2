import { TriggerCreate } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { toldOf } from './trigger-words.ts';

test.each([
  [
    'pushes to acme/images: builds every class, then published and rolled out',
    {
      on: { kind: 'push', forge: 'github', repository: 'acme/images' },
      rule: { publish: true, rollout: {} },
    },
  ],
  ['at 30 2 * * * (UTC): builds edge', { on: { kind: 'cron', schedule: '30 2 * * *' }, classes: ['edge'] }],
  ['a look at tags and packages every 360 min: builds every class', { on: { kind: 'upstream' } }],
  [
    'releases of base on stable: builds edge',
    { on: { kind: 'release', deviceClass: 'base', channel: 'stable' }, classes: ['edge'] },
  ],
  [
    'images pushed to a registry (harbor): builds every class',
    { on: { kind: 'registry', sender: 'harbor' } },
  ],
])('%s', (told, trigger) => {
  expect(toldOf(TriggerCreate.parse({ name: 't', ...trigger }))).toBe(told);
});
