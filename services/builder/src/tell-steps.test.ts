import { expect, test } from 'vitest';
import { tellSteps } from './tell-steps.ts';

test('every step is told at once, bytes seldom, and the last of them always', () => {
  const logged: string[] = [];
  const reported: string[] = [];
  let now = 0;
  const tell = tellSteps(
    ({ step }) => logged.push(step),
    ({ step, bytes }) => reported.push(`${step} ${bytes?.done ?? '-'}`),
    () => now,
  );
  const fetching = (done: number) => tell({ step: 'fetching web', percent: 5, bytes: { done, total: 100 } });
  tell({ step: 'resolving', percent: 5 });
  fetching(1);
  fetching(2);
  now = 500;
  fetching(50);
  now = 501;
  fetching(60);
  fetching(100);
  tell({ step: 'assembling', percent: 40 });
  expect(logged).toEqual(['resolving', 'fetching web', 'assembling']);
  expect(reported).toEqual([
    'resolving -',
    'fetching web 1',
    'fetching web 50',
    'fetching web 100',
    'assembling -',
  ]);
});
