import { codeOf, messageOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseClassFile } from './parse-class.ts';

const parsed = (triggers: string) =>
  parseClassFile(`name: gate\narch: amd64\nimages: [../gate.yml]\ntriggers:\n${triggers}`, 'classes/gate.yml')
    .triggers;
const refused = (triggers: string): string => {
  try {
    parsed(triggers);
  } catch (error) {
    expect(codeOf(error)).toBe('SPEC_INVALID');
    return messageOf(error);
  }
  return 'nothing';
};

test.each([
  ['  - on: push\n', { on: 'push' }],
  [
    "  - on: push\n    paths: { include: ['overlay/**'] }\n",
    { on: 'push', paths: { include: ['overlay/**'], exclude: [] } },
  ],
  [
    "  - { on: cron, schedule: '0,50 */2 * * *' }\n",
    { on: 'cron', schedule: '0,50 */2 * * *', timeZone: 'UTC' },
  ],
  ["  - { on: cron, schedule: '*/15 * * * *' }\n", { on: 'cron', schedule: '*/15 * * * *', timeZone: 'UTC' }],
  ["  - { on: cron, schedule: '0 3 * * 1' }\n", { on: 'cron', schedule: '0 3 * * 1', timeZone: 'UTC' }],
  ['  - on: upstream\n', { on: 'upstream', everyMinutes: 360 }],
  [
    '  - { on: release, deviceClass: base, channel: stable }\n',
    { on: 'release', deviceClass: 'base', channel: 'stable' },
  ],
])('%j', (text, trigger) => {
  expect(parsed(text)).toEqual([trigger]);
});

test.each([
  [
    'a kind that there is not',
    '  - on: pusch\n',
    '5:9: triggers[0].on: expected one of the allowed values, found the text "pusch"; did you mean "push"?; allowed: push, cron, upstream, release',
  ],
  [
    'no kind',
    '  - paths: {}\n',
    '5:5: triggers[0].on: is missing: it tells the kind; allowed: push, cron, upstream, release',
  ],
  ['a word', '  - push\n', '5:5: triggers[0]: expected a mapping, found the text "push"'],
  [
    'publishing',
    '  - on: push\n    publish: true\n',
    '6:5: triggers[0].publish: what follows a build is decided on the server',
  ],
  ['a channel', '  - on: push\n    channel: stable\n', '6:5: triggers[0].channel: what follows a build'],
  ['a rollout', '  - { on: upstream, rollout: {} }\n', '5:21: triggers[0].rollout: what follows a build'],
  ['a secret', '  - { on: push, secret: abc }\n', 'credentials and hooks are of the server'],
  ['other branches', "  - { on: push, branches: ['*'] }\n", 'the branch that it is on'],
  ['notices of a registry', '  - on: registry\n', '5:9: triggers[0].on: notices of a registry need a secret'],
  ['packages', '  - on: packages\n', '5:9: triggers[0].on: say upstream'],
  [
    'an unknown key',
    '  - on: push\n    path: {}\n',
    '6:5: triggers[0].path: unknown key; did you mean "paths"?',
  ],
  [
    'a schedule of four fields',
    "  - on: cron\n    schedule: '0 3 * *'\n",
    '6:15: triggers[0].schedule: "0 3 * *" has 4 fields',
  ],
  [
    'an hour that there is not',
    "  - on: cron\n    schedule: '0 30 * * *'\n",
    '6:15: triggers[0].schedule: "0 30 * * *": ',
  ],
  [
    'times that are too close',
    "  - on: cron\n    schedule: '* * * * *'\n",
    '6:15: triggers[0].schedule: expected times that are at least 15 minutes apart, found 1',
  ],
  [
    'times that are too close across the hour',
    "  - { on: cron, schedule: '0,50 3,4 * * *' }\n",
    'at least 15 minutes apart, found 10',
  ],
  [
    'a time zone that there is not',
    "  - on: cron\n    schedule: '0 3 * * *'\n    timeZone: Europe/Atlantis\n",
    '7:15: triggers[0].timeZone: expected a time zone such as Europe/Berlin, found Europe/Atlantis',
  ],
  ['looks too often', '  - { on: upstream, everyMinutes: 1 }\n', '>=15, found the number 1'],
  [
    'its own release',
    '  - { on: release, deviceClass: gate }\n',
    '5:33: triggers[0].deviceClass: expected another',
  ],
  ['the same twice', '  - on: push\n  - on: push\n', '6:5: triggers[1]: is triggers[0] once more'],
  ['too many', '  - on: push\n'.repeat(17), 'triggers: expected a array to have <=16 items, found a list'],
])('%s is pointed at', (_what, text, message) => {
  expect(refused(text)).toContain(message);
});
