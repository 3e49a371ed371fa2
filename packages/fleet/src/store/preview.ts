import { and, count, eq, inArray, isNull, not, or, sql, type SQL } from 'drizzle-orm';
import {
  isOverRollout,
  isTimeZone,
  RolloutState,
  type ChannelName,
  type GroupId,
  type Release,
  type ReleaseId,
  type RolloutCreate,
  type RolloutPreview,
  type SteppingStone,
  type WaveCreate,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { describeWhatFollows, type PreviewFacts } from '../preview.ts';
import { devices, releases, rollouts } from '../schema.ts';
import { missingStone, stonesOfClass } from './channels.ts';
import { earlierUpdates } from './earlier-updates.ts';
import { offersAreHalted } from './emergency-stop.ts';
import { queryCondition } from './find-groups.ts';
import { found } from './not-found.ts';
import { getRelease } from './releases.ts';
import { isTargetOf } from './rollout-targets.ts';
import { createRollout } from './rollouts.ts';

type Row = typeof rollouts.$inferSelect;

/** Leaves a transaction with what was found in it, and with nothing that was done. */
class Undo extends Error {
  readonly preview: RolloutPreview;
  constructor(preview: RolloutPreview) {
    super('nothing of a preview stays');
    this.preview = preview;
  }
}

/**
 * What a rollout would do if it were created now. It is created and undone, so whatever would refuse it refuses the
 * preview, too.
 *
 * @throws {SlipwayError} as `createRollout`
 */
export const previewRollout = async (
  db: Database,
  asked: RolloutCreate,
  within: readonly GroupId[] | null,
  now: Date,
): Promise<RolloutPreview> => {
  try {
    return await db.transaction(async (tx) => {
      const { id } = await createRollout(tx, asked, now, within);
      const row = found(await tx.select().from(rollouts).where(eq(rollouts.id, id)), 'rollout', id);
      throw new Undo(describeWhatFollows(asked, await factsOf(tx, asked, row, now), now));
    });
  } catch (error) {
    if (error instanceof Undo) return error.preview;
    throw error;
  }
};

const factsOf = async (db: Database, asked: RolloutCreate, row: Row, now: Date): Promise<PreviewFacts> => {
  const release = await getRelease(db, row.release);
  const cells = await findCells(db, row, release, asked.waves ?? [], now);
  const stones = cells.flatMap(({ through }) => through.map((stone) => stone.release));
  const sizes = await db
    .select({ id: releases.id, size: releases.bundleSize })
    .from(releases)
    .where(inArray(releases.id, [release.id, ...new Set<ReleaseId>(stones)]));
  return {
    release,
    cells,
    sizes: new Map(sizes.map(({ id, size }) => [id, size])),
    earlier: await earlierUpdates(db, release),
    overlaps: await overlapsOf(db, row, now),
    halted: await offersAreHalted(db, row.tenant),
  };
};

/** Devices of the rollout, by all in which a preview tells them apart. */
const findCells = async (
  db: Database,
  row: Row,
  release: Release,
  waves: readonly WaveCreate[],
  now: Date,
): Promise<PreviewFacts['cells']> => {
  const named: SQL[] = [sql`null`];
  for (const [index, { devices: listed, query }] of waves.entries()) {
    const finds = query === undefined ? undefined : await queryCondition(db, query, now);
    const condition = listed === undefined ? finds : inArray(devices.id, listed);
    if (condition !== undefined) named.push(sql`case when ${condition} then ${sql.raw(`${index}`)} end`);
  }
  const rows = await db
    .select({
      version: devices.version,
      channel: devices.channel,
      online: devices.online,
      timeZone: devices.timeZone,
      utcOffset: devices.utcOffset,
      current: sql<boolean>`coalesce(${devices.release} = ${release.id}, false)`,
      named: sql<number[]>`array_remove(array[${sql.join(named, sql`, `)}]::int[], null)`,
      devices: count(),
    })
    .from(devices)
    .where(await isTargetOf(db, row, now))
    .groupBy(sql`1, 2, 3, 4, 5, 6, 7`);
  const stones = await stonesOfClass(db, row.deviceClass);
  return rows.map(({ channel, timeZone, utcOffset, named: indexes, ...kind }) => ({
    ...kind,
    timeZone: zoneOf(timeZone, utcOffset),
    through: kind.current ? [] : stonesBetween(stones, channel, kind.version, release.version),
    named: new Set(indexes),
  }));
};

/** Devices may know names that this machine does not; their clocks all the same say how far they are ahead. */
const zoneOf = (name: string | null, utcOffset: number | null): string | null => {
  if (name !== null && isTimeZone(name)) return name;
  if (utcOffset === null) return null;
  const minutes = Math.round(Math.abs(utcOffset) / 60);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${utcOffset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
};

/** All that a device has to pass, one after the other. */
const stonesBetween = (
  stones: ReadonlyMap<ChannelName, readonly SteppingStone[]>,
  channel: ChannelName | null,
  from: string | null,
  to: string,
): SteppingStone[] => {
  const ofChannel = channel === null ? [] : (stones.get(channel) ?? []);
  const through: SteppingStone[] = [];
  let next = missingStone(ofChannel, from, to);
  while (next !== undefined) {
    through.push(next);
    next = missingStone(ofChannel, next.version, to);
  }
  return through;
};

const overlapsOf = async (db: Database, row: Row, now: Date): Promise<RolloutPreview['overlaps']> => {
  const others = await db
    .select()
    .from(rollouts)
    .where(
      and(
        eq(rollouts.deviceClass, row.deviceClass),
        not(eq(rollouts.id, row.id)),
        inArray(
          rollouts.state,
          RolloutState.options.filter((state) => !isOverRollout(state)),
        ),
      ),
    );
  const overlaps: RolloutPreview['overlaps'] = [];
  for (const other of others) {
    const both = and(
      await isTargetOf(db, row, now),
      await isTargetOf(db, other, now),
      or(isNull(devices.release), not(eq(devices.release, other.release))),
    );
    const common = await db.$count(devices, both);
    if (common > 0)
      overlaps.push({ rollout: other.id, version: other.version, priority: other.priority, devices: common });
  }
  return overlaps;
};
