import { expect, test } from 'vitest';
import { sharesOf } from './rollout-share.ts';

test('devices of a rollout are done, busy, failed or waiting', () => {
  expect(
    sharesOf({
      counts: { COMMITTED: 5, DOWNLOADING: 2, TRIAL: 1, ROLLED_BACK: 1, CANCELED: 4 },
      waiting: 3,
      waves: [],
    }),
  ).toEqual({ done: 5, busy: 3, failed: 1, waiting: 3, total: 12 });
});
