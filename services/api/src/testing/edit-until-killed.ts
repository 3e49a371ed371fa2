import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { RepositoryPath } from '@slipway/protocol';
import { openRepositoryFiles } from '../repository/repository-files.ts';

/**
 * A program: edits the image repository in a folder, and is killed before it renames or removes anything for the nth time.
 *
 * node edit-until-killed.ts FOLDER N
 */
const [directory = '', nth = '0'] = process.argv.slice(2);
let left = Number(nth);
const orDie =
  <A extends unknown[], R>(work: (...args: A) => R): ((...args: A) => R) =>
  (...args) => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    return work(...args);
  };
fs.rename = orDie(fs.rename);
fs.rm = orDie(fs.rm);
syncBuiltinESMExports();

const change = (path: string, before: string | null, after: string | null) => ({
  path: RepositoryPath.parse(path),
  before,
  after,
});
await openRepositoryFiles(directory).change(
  {
    by: { name: 'anna', message: 'all of it' },
    changes: [
      change('gone', 'old', null),
      change('kept', 'old', 'new'),
      change('a/b/new', null, 'new'),
      change('also', 'old', 'new'),
    ],
  },
  async () => undefined,
);
