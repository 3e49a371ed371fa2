import { SlipwayError } from '@slipway/protocol';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStanzas } from './deb822.ts';
import { snapshotOf } from './snapshot.ts';
import type { AptSource } from './sources.ts';

/** apt's name for the list of a URI: without scheme, `/` as `_`, and what would be unclear as `%xx`. */
export const listName = (uri: string): string =>
  uri
    .replace(/^[a-z+]+:\/*/i, (scheme) => (scheme.startsWith('file') ? '/' : ''))
    .replace(/^[^/]*@/, '')
    .replaceAll(/[\\|{}[\]<>"^~_=!@#$%&*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
    .replaceAll('/', '_');

const read = async (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch(() => undefined);

/**
 * When each suite of a source was published, by its signed Release file.
 *
 * @param listsDir of apt, after a successful update
 */
export const releaseDates = async (
  listsDir: string,
  { uri, suites }: AptSource,
): Promise<Record<string, string>> => {
  const dates: Record<string, string> = {};
  for (const suite of suites) {
    const base = join(listsDir, listName(`${uri.replace(/\/+$/, '')}/dists/${suite}/`));
    const text = (await read(`${base}InRelease`)) ?? (await read(`${base}Release`));
    const date = parseStanzas(
      (text ?? '').replace(/^-----BEGIN PGP SIGNED MESSAGE-----\n(?:\S.*\n)*\n/, ''),
    )[0]?.get('date');
    const at = new Date(date ?? '');
    if (Number.isNaN(at.getTime()))
      throw new SlipwayError(
        'PACKAGE_FETCH_FAILED',
        `${uri} ${suite}: expected a Release file with a date among apt's lists, found ${date ?? 'none'}; remove ${listsDir} and try again`,
        { details: { uri, suite } },
      );
    dates[suite] = snapshotOf(at);
  }
  return dates;
};
