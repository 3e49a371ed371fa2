import { expect, test } from 'vitest';
import { showProgress } from './build-progress.ts';

test('each step has its percent, and bytes where something is fetched; of these not every one is shown', () => {
  const lines: string[] = [];
  let now = 0;
  const progress = showProgress({ err: (line) => lines.push(line) }, true, () => now);
  progress({ step: 'resolving components', percent: 0 });
  progress({ step: 'fetching oci:web', percent: 0, bytes: { done: 10, total: 4096 } });
  progress({ step: 'fetching oci:web', percent: 0, bytes: { done: 1024, total: 4096 } });
  now = 250;
  progress({ step: 'fetching oci:web', percent: 0, bytes: { done: 2048, total: 4096 } });
  progress({ step: 'done', percent: 100 });
  expect(lines).toEqual([
    '  0 %  resolving components',
    '  0 %  fetching oci:web: 10 B of 4.0 KiB',
    '  0 %  fetching oci:web: 2.0 KiB of 4.0 KiB',
    '100 %  done',
  ]);
});

test('nothing is shown where nobody looks', () => {
  const progress = showProgress({ err: () => expect.unreachable() }, false, () => 0);
  expect(progress({ step: 'done', percent: 100 })).toBeUndefined();
});
