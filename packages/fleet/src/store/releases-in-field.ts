import { and, count, desc, eq, type SQL } from 'drizzle-orm';
import type { ClassName, ReleaseId, SigningProfile } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices, releases } from '../schema.ts';
import { isOfFleet } from './devices.ts';

/** What devices of a class run, and how many of them each. */
export type InField = {
  /** null: they never said, or say a release that this server does not know */
  readonly release: ReleaseId | null;
  readonly version: string | null;
  readonly counter: number | null;
  readonly createdAt: Date | null;
  readonly signing: SigningProfile | null;
  readonly devices: number;
};

/** Those that most devices run first. @param near only of devices that this holds for */
export const releasesInField = (
  db: Database,
  deviceClass: ClassName,
  near: SQL | undefined,
): Promise<InField[]> =>
  db
    .select({
      release: releases.id,
      version: releases.version,
      counter: releases.counter,
      createdAt: releases.createdAt,
      signing: releases.signing,
      devices: count(),
    })
    .from(devices)
    .leftJoin(releases, eq(releases.id, devices.release))
    .where(and(isOfFleet, eq(devices.deviceClass, deviceClass), near))
    .groupBy(releases.id)
    .orderBy(desc(count()), desc(releases.counter));
