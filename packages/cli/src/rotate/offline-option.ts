import { join, resolve } from 'node:path';
import type { Context } from '../context.ts';

/** Where the keys are that are kept elsewhere: the folder named, or the one in the data directory that `npm run up` makes. */
export const offlineDirectory = (
  { cwd }: Pick<Context, 'cwd'>,
  dataDir: string,
  named: string | undefined,
): string => (named === undefined ? join(dataDir, 'signer', 'offline') : resolve(cwd, named));
