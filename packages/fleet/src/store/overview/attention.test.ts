import { ChannelName, ClassName, DeviceCounts, RolloutId, WebhookId } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseQuery } from '../../query/parse.ts';
import { attentionOf } from './attention.ts';
import type { Facts } from './facts.ts';

const now = new Date('2026-05-01T10:00:00Z');
const nothing: Facts = {
  stop: {
    stopped: false,
    reason: null,
    actor: null,
    at: null,
    offers: 0,
    trials: 0,
    gateways: 1,
    offersAtBroker: 0,
  },
  keys: [],
  builds: [],
  qualifications: [],
  rollouts: [],
  stuck: [],
  behind: [],
  webhooks: [],
};
const none: DeviceCounts = {
  total: 0,
  online: 0,
  byClass: [],
  byVersion: [],
  byHealth: [],
  byState: [],
  byAlarm: [],
};
const well = { storeIsFull: false, workers: 1, builds: 0 };
const rollout = RolloutId.parse('rol_0000000000000000');

test('a fleet that is well needs nobody', () => expect(attentionOf(nothing, none, well, now)).toEqual([]));

test('the worst comes first', () => {
  const facts: Facts = {
    ...nothing,
    stop: { ...nothing.stop, gateways: 0 },
    stuck: [{ rollout, version: '2.0.0', count: 3 }],
    behind: [{ deviceClass: ClassName.parse('edge'), channel: null, version: '2.0.0', count: 1 }],
    webhooks: [
      {
        id: WebhookId.parse('whk_0000000000000000'),
        url: 'https://example.org/',
        enabled: true,
        reason: null,
        failingSince: now,
      },
    ],
  };
  const counts = { ...none, byAlarm: [{ value: 'unhealthy' as const, count: 2 }] };
  const told = attentionOf(facts, counts, { ...well, workers: 0, builds: 1 }, now);
  expect(told.map(({ code }) => code)).toEqual([
    'NO_GATEWAY',
    'DEVICES_UNHEALTHY',
    'NO_BUILD_WORKER',
    'UPDATES_STUCK',
    'WEBHOOK_FAILING',
    'DEVICES_BEHIND',
  ]);
  expect(told.find(({ code }) => code === 'DEVICES_UNHEALTHY')?.title).toBe('2 devices are unhealthy');
});

test('devices are found by the query that is given', () => {
  const byAlarm = DeviceCounts.shape.byAlarm.element.shape.value.options.map((value) => ({
    value,
    count: 1,
  }));
  const byState = [{ value: 'pending', count: 4 }];
  const behind = [ChannelName.parse('beta'), null].map((channel) => ({
    deviceClass: ClassName.parse('edge-arm64'),
    channel,
    version: '2.0.0-rc.1',
    count: 5,
  }));
  const told = attentionOf({ ...nothing, behind }, { ...none, byAlarm, byState }, well, now);
  const queries = told.flatMap(({ target }) => (target.kind === 'devices' ? [target.query] : []));
  expect(queries).toHaveLength(10);
  for (const query of queries) expect(parseQuery(query).kind).not.toBe('all');
});
