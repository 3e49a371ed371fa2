import { relative } from 'node:path';
import { expect, test } from 'vitest';
import { PARTS } from '@slipway/fleet/backup';
import { layoutOf } from './layout.ts';

/** What a backup leaves out, and why that is no loss. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  dataDir: 'all of it',
  upFile: 'of the running instance',
  agentBundlesDir: 'made at every start',
  redisDir: 'filled again from the database',
  databaseDir: 'exported',
  brokerDir: 'published again at every start',
  revocationFile: 'written again from the database',
  logsDir: 'of this machine',
  exportsDir: 'of a backup under way',
  cacheDir: 'fetched again',
  virtualDevicesDir: 'devices to try things with, made anew with one click',
  qualifierWorkDir: 'of a qualification under way, which begins anew',
};

test('whatever lies in the data directory is in a backup, or may be lost', () => {
  const layout = layoutOf('/data');
  const unknown = Object.entries(layout).filter(([name, path]) => {
    const place = relative('/data', path);
    const isKept = PARTS.some((part) => place === part || place.startsWith(`${part}/`));
    return isKept === name in LEFT_OUT;
  });
  expect(unknown).toEqual([]);
});
