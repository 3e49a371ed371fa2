import { expect, test } from 'vitest';
import { placeOf } from './subject.ts';

test.each([
  ['release.publish', 'rel_1a', '/releases/rel_1a'],
  ['device.rename', 'gate-1', '/devices/gate-1'],
  ['device.accept', 'odd/name', '/devices/odd%2Fname'],
  ['key.seen', 'ab12', '/settings/keys?key=ab12'],
  ['webhook.create', 'whk_9', '/settings/webhooks?webhook=whk_9'],
  ['retention.run', 'logs', undefined],
  ['group.create', 'grp_1', undefined],
])('%s of %s is shown at %s', (action, subject, place) => expect(placeOf({ action, subject })).toBe(place));
