import { expect, test } from 'vitest';
import { ChannelName, codeOf, messageOf, TriggerCreate } from '@slipway/protocol';
import {
  describeOn,
  describeRollout,
  describeRule,
  readTrigger,
  type TriggerOptions,
} from './trigger-options.ts';

const read = (over: Partial<TriggerOptions>, before?: Parameters<typeof readTrigger>[2]) =>
  readTrigger('/nonexistent', { downloadOnly: false, ...over }, before);

test.each<[Partial<TriggerOptions>, string, string]>([
  [
    { forge: 'github', repository: 'a/b', branch: ['main=stable', 'dev'] },
    'push to a/b (github)',
    'main → stable, dev',
  ],
  [{ sender: 'harbor', image: ['h/*'] }, 'image pushed (harbor): h/*', 'build'],
  [{ schedule: '0 2 * * *', timeZone: 'Europe/Berlin' }, '0 2 * * * (Europe/Berlin)', 'build'],
  [{ every: 60, exclude: ['docs/**'] }, 'upstream, every 60 min', 'without docs/**'],
  [{ releaseOf: 'edge-a', ofChannel: 'stable', class: ['edge-b'] }, 'release of edge-a/stable', 'build'],
  [
    { every: 5, channel: 'beta', rollout: true, group: 'lab' },
    'upstream, every 5 min',
    'channel beta, publish, roll out',
  ],
])('%j', async (options, on, rule) => {
  const made = TriggerCreate.parse({ name: 'x', ...(await read(options)) });
  expect([describeOn(made.on), describeRule(made.rule)]).toEqual([on, rule]);
});

test('what a rollout is like is told', async () => {
  const options = { every: 5, rollout: true, group: 'lab', maxInFlight: 20, window: ['02:00-04:00'] };
  const { rule } = TriggerCreate.parse({ name: 'x', ...(await read(options)) });
  expect(describeRollout(rule)).toBe('to group lab; 20 at once; stops at 1 failed; 02:00-04:00');
  expect(describeRollout({ publish: true })).toBeUndefined();
});

test('editing keeps of the rule what is not said anew', async () => {
  const before = {
    publish: true,
    channel: ChannelName.parse('beta'),
    rollout: { failureThreshold: 3, maxInFlight: 5 },
  };
  expect(await read({ maxInFlight: 7 }, before)).toEqual({
    rule: { ...before, rollout: { failureThreshold: 3, maxInFlight: 7 } },
  });
  expect(await read({ within: 9 }, before)).toEqual({ windowSeconds: 9 });
});

test.each<[Partial<TriggerOptions>, string]>([
  [{ forge: 'github', every: 5 }, 'USAGE'],
  [{ every: 5, group: 'lab' }, 'USAGE'],
  [{ file: 'none.json' }, 'NOT_FOUND'],
])('%j is told as %s', async (options, code) => {
  expect(await read(options).catch(codeOf)).toBe(code);
});

test('what is wrong is named by its place', async () => {
  const wrong = read({ schedule: 'x'.repeat(201), branch: [''] }).catch(messageOf);
  expect(await wrong).toMatch(/^on\.schedule: [^;]+; rule\.branches\.0\.match: .+/);
});
