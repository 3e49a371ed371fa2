import { expect, test } from 'vitest';
import { describePolicy, policyOf } from './rollout-policy.ts';

test.each([
  [{ downloadOnly: false }, {}],
  [
    { downloadOnly: true, retry: 2 },
    { mode: 'download', retry: 2 },
  ],
  [
    { downloadOnly: false, window: ['02:00-04:00', 'Sat,sun 22:00-06:00'] },
    {
      windows: [
        { from: '02:00', to: '04:00' },
        { days: [6, 7], from: '22:00', to: '06:00' },
      ],
    },
  ],
  [{ downloadOnly: false, deadline: '2026-12-24T18:00Z' }, { deadline: 1_798_135_200 }],
])('%j becomes the policy %j', (options, policy) => {
  expect(policyOf(options)).toEqual(policy);
});

test.each([['at night'], ['24:00-04:00'], ['2:00-4:00'], ['someday 02:00-04:00'], ['02:00 - 04:00']])(
  'the window %j is refused',
  (window) => {
    expect(() => policyOf({ downloadOnly: false, window: [window] })).toThrow(`${window} is no window`);
  },
);

test('a time that is none is refused', () => {
  expect(() => policyOf({ downloadOnly: false, deadline: 'soon' })).toThrow('soon is no time');
});

test('a policy is told in one line', () => {
  const policy = policyOf({ downloadOnly: true, window: ['sat,sun 22:00-06:00', '02:00-03:00'], retry: 1 });
  expect(describePolicy(policy)).toBe('download only; sat,sun 22:00-06:00; 02:00-03:00; retry 1');
  expect(describePolicy({})).toBeUndefined();
});
