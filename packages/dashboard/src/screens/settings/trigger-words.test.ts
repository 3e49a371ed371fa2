import { TriggerOn, TriggerRule } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { follows, setOffBy } from './trigger-words.ts';

test.each([
  [{ kind: 'push', forge: 'github', repository: 'acme/images' }, 'a push to acme/images on GitHub'],
  [{ kind: 'registry', sender: 'harbor', images: ['web:*'] }, 'an image pushed to Harbor: web:*'],
  [
    { kind: 'cron', schedule: '30 2 * * *', timeZone: 'Europe/Berlin' },
    'the time 30 2 * * * (Europe/Berlin)',
  ],
  [{ kind: 'upstream' }, 'what changed upstream, looked for every 6 hours'],
  [{ kind: 'upstream', everyMinutes: 90 }, 'what changed upstream, looked for every 90 minutes'],
  [{ kind: 'release', deviceClass: 'edge-base', channel: 'stable' }, 'a release of edge-base in stable'],
])('%o', (on, words) => expect(setOffBy(TriggerOn.parse(on))).toBe(words));

test.each([
  [{}, 'stays a draft'],
  [{ publish: true }, 'is published'],
  [{ publish: true, branches: [{ match: 'main', channel: 'stable' }] }, 'is published to stable'],
  [{ publish: true, channel: 'beta', rollout: {} }, 'is published to beta, then rolled out'],
])('a rule of %o', (rule, words) => expect(follows(TriggerRule.parse(rule))).toBe(words));
