import { expect, test } from 'vitest';
import { describePolicy, policyOf } from './rollout-policy.ts';

test.each([
  [{ downloadOnly: false }, {}, undefined],
  [{ downloadOnly: true }, { mode: 'download' }, 'download only'],
  [{ downloadOnly: true, mode: 'download' as const }, { mode: 'download' }, 'download only'],
  [{ downloadOnly: false, mode: 'install' as const }, { mode: 'install' }, undefined],
  [
    { downloadOnly: false, mode: 'soft' as const, deadline: '2026-12-24T18:00Z' },
    { mode: 'soft', deadline: 1_798_135_200 },
    'with consent; deadline 2026-12-24 18:00:00',
  ],
])('%j', (options, policy, told) => {
  expect(policyOf(options)).toEqual(policy);
  expect(describePolicy(policyOf(options))).toBe(told);
});

test('two modes at once are none', () => {
  expect(() => policyOf({ downloadOnly: true, mode: 'soft' })).toThrow(
    expect.objectContaining({ code: 'USAGE' }),
  );
});
