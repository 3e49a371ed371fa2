import { and, count, sql, type SQL } from 'drizzle-orm';
import type { ClassName, ReleaseId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { idArray } from '../query/id-array.ts';
import { devices } from '../schema.ts';
import { isOfFleet } from './devices.ts';

/** How many devices of a class run a release. */
export type OnRelease = {
  readonly release: ReleaseId | null;
  readonly deviceClass: ClassName;
  readonly devices: number;
};

/** @param near only of devices that this holds for */
export const devicesOnReleases = async (
  db: Database,
  ids: readonly ReleaseId[],
  near: SQL | undefined,
): Promise<readonly OnRelease[]> =>
  ids.length === 0
    ? []
    : db
        .select({ release: devices.release, deviceClass: devices.deviceClass, devices: count() })
        .from(devices)
        .where(and(isOfFleet, near, sql`${devices.release} = any(${idArray(ids)})`))
        .groupBy(devices.release, devices.deviceClass);

export const sumOf = (of: readonly { readonly devices: number }[]): number =>
  of.reduce((sum, one) => sum + one.devices, 0);
