import { and, eq, isNotNull, type SQL } from 'drizzle-orm';
import type { ClassName, PackageCoverage } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { parsePackageQuery } from '../query/parse.ts';
import { devices, releases } from '../schema.ts';
import { isOfFleet } from './devices.ts';
import { holdersOf } from './find-running.ts';
import { linesOf, whatDevicesRan } from './what-devices-ran.ts';

const POINTS = 60;
const DAY_MS = 86_400_000;

/**
 * How many devices ran a package over the last days.
 *
 * @param near only of devices that this holds for
 * @throws {SlipwayError} QUERY_INVALID
 */
export const packageCoverage = async (
  db: Database,
  asked: {
    readonly query: string;
    readonly days: number;
    readonly deviceClass?: ClassName | undefined;
    readonly near?: SQL | undefined;
  },
  now: Date,
): Promise<PackageCoverage> => {
  const { test, query } = parsePackageQuery(asked.query);
  const { contents: holders } = await holdersOf(db, test);
  const known = await db.select({ id: releases.id }).from(releases).where(isNotNull(releases.packages));
  const lookedInto = new Set<string>(known.map(({ id }) => id));
  const held = new Set<string>(holders.keys());
  const stepMs = Math.ceil((asked.days * DAY_MS) / POINTS);
  const since = new Date(now.getTime() - POINTS * stepMs);
  const isAsked = and(
    isOfFleet,
    asked.near,
    asked.deviceClass === undefined ? undefined : eq(devices.deviceClass, asked.deviceClass),
  );
  const rows = await whatDevicesRan(db, 'release', isAsked, { since, stepMs, last: POINTS });
  const line = (isCounted: (release: string | null) => boolean): number[] => [
    ...(linesOf(rows, POINTS, ({ what }) => (isCounted(what) ? '' : null)).get('') ??
      Array.from({ length: POINTS + 1 }, () => 0)),
  ];
  return {
    query,
    at: Array.from({ length: POINTS + 1 }, (_, n) => new Date(since.getTime() + n * stepMs).toISOString()),
    devices: line((release) => release !== null && lookedInto.has(release) && held.has(release)),
    unknown: line((release) => release === null || !lookedInto.has(release)),
    fleet: line(() => true),
  };
};
