import { TriggerCreate } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { toTrigger, type TriggerValues } from './trigger-values.ts';

const VALUES: TriggerValues = {
  name: 'nightly',
  kind: 'cron',
  source: '',
  classes: [],
  forge: 'github',
  repository: '',
  sender: 'harbor',
  schedule: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  everyMinutes: 90,
  ofClass: 'edge-base',
  publish: false,
  channel: 'stable',
};

test.each([
  [{}, { on: { kind: 'cron', schedule: '30 2 * * *', timeZone: 'Europe/Berlin' }, rule: { publish: false } }],
  [{ kind: 'upstream' }, { on: { kind: 'upstream', everyMinutes: 90 }, source: null, classes: null }],
  [
    { kind: 'registry', publish: true },
    { on: { kind: 'registry' }, rule: { publish: true, channel: 'stable' } },
  ],
  [
    { kind: 'release', classes: ['edge'] },
    { on: { kind: 'release', deviceClass: 'edge-base' }, classes: ['edge'] },
  ],
  [
    { kind: 'push', source: 'images' },
    { on: { kind: 'push', forge: 'github' }, source: 'images' },
  ],
] as const)('%o', (change, expected) => {
  const made = toTrigger({ ...VALUES, ...change, classes: [...('classes' in change ? change.classes : [])] });
  expect(TriggerCreate.parse(made)).toMatchObject(expected);
});
