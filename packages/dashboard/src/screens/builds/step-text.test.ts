import { expect, test } from 'vitest';
import { stepText } from './step-text.ts';

test('a step tells how much has arrived of what it fetches', () => {
  expect(stepText({ step: 'writing the root' })).toBe('writing the root');
  expect(stepText({ step: 'fetching oci:web', bytes: { done: 2048, total: 4096 } })).toMatch(
    /^fetching oci:web: .+ of .+$/,
  );
});
