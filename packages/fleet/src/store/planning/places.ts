import { sql, type SQL } from 'drizzle-orm';
import type { RolloutId } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../../backup/export-database.ts';
import type { Database } from '../../database.ts';
import { eq, and } from 'drizzle-orm';
import { devices, rollouts, rolloutWaves } from '../../schema.ts';
import { queryCondition } from '../find-groups.ts';
import { PAGE, type RolloutRow, type WaveRow } from './facts.ts';

/** Bits of a position: as many as JavaScript and the database count alike. */
const POSITIONS = 2 ** 52;
/** In larger rollouts a share of the positions is near enough to that share of the devices. */
const EXACT = 20_000;

/** A device's place in the order of a rollout: nobody can choose it, and it stays. */
export const positionOf = (rollout: RolloutId): SQL =>
  sql`('x' || substr(md5(${rollout} || ${devices.id}), 1, 13))::bit(52)::bigint`;

export const goesByPosition = ({ who }: Pick<WaveRow, 'who'>): boolean =>
  who.devices === undefined && who.query === undefined;
const isRest = (wave: Pick<WaveRow, 'who'>): boolean =>
  goesByPosition(wave) && wave.who.count === undefined && wave.who.percent === undefined;
/** Who belongs to it is known only once all devices of the rollout are. */
export const needsAll = (wave: Pick<WaveRow, 'who'>): boolean =>
  wave.who.count !== undefined || wave.who.percent !== undefined;

/**
 * The wave of a device that joins, as an expression over the devices: by its id or by what a query finds; else by its
 * position, as far as that is known.
 */
export const waveOfJoining = async (
  db: Database,
  rollout: RolloutRow,
  waves: readonly WaveRow[],
  now: Date,
): Promise<SQL> => {
  const cases: SQL[] = [];
  for (const { index, who } of waves) {
    if (who.devices !== undefined)
      cases.push(
        sql`when ${devices.id} in (select jsonb_array_elements_text(${JSON.stringify(who.devices)}::jsonb)) then ${index}::smallint`,
      );
    if (who.query !== undefined)
      cases.push(sql`when ${await queryCondition(db, who.query, now)} then ${index}::smallint`);
  }
  const isKnown = rollout.placed || !waves.some(needsAll);
  // A wave of so many devices has them already.
  const open = waves.filter((wave) => wave.who.count === undefined);
  const byPosition = isKnown ? waveAt(open, positionOf(rollout.id)) : sql`null::smallint`;
  return cases.length === 0 ? byPosition : sql`case ${sql.join(cases, sql` `)} else ${byPosition} end`;
};

const waveAt = (waves: readonly WaveRow[], position: SQL): SQL => {
  const ends = waves
    .filter((wave) => wave.upTo !== null)
    .map(({ index, upTo }) => sql`when ${position} <= ${upTo}::bigint then ${index}::smallint`);
  const rest = waves.find(isRest);
  const last = rest === undefined ? sql`null::smallint` : sql`${rest.index}::smallint`;
  return ends.length === 0 ? last : sql`case ${sql.join(ends, sql` `)} else ${last} end`;
};

const Position = z.object({ position: z.coerce.number() });

/** Finds where each wave ends, once all members are known. */
const setEnds = async (tx: Database, rollout: RolloutId, waves: readonly WaveRow[]): Promise<void> => {
  const [all] = await rowsOf(
    tx,
    z.object({ total: z.coerce.number() }),
    sql`select coalesce(sum("count"), 0) as total from rollout_tallies where rollout = ${rollout} and state = lower(state)`,
  );
  const total = all?.total ?? 0;
  let from = -1;
  for (const wave of waves) {
    const { count, percent } = wave.who;
    if (count === undefined && percent === undefined) continue;
    const upTo =
      percent === undefined
        ? await nth(
            tx,
            sql`rollout = ${rollout} and wave is null and state <> 'beyond' and position > ${from}`,
            count ?? 0,
          )
        : total > EXACT
          ? Math.floor((POSITIONS * percent) / 100)
          : await nth(tx, sql`rollout = ${rollout}`, Math.ceil((total * percent) / 100 - 1e-9));
    from = Math.max(from, upTo);
    await tx
      .update(rolloutWaves)
      .set({ upTo: from })
      .where(and(eq(rolloutWaves.rollout, rollout), eq(rolloutWaves.index, wave.index)));
  }
};

/** The position of the n-th member, or of the last where there are fewer. */
const nth = async (tx: Database, of: SQL, n: number): Promise<number> => {
  if (n === 0) return -1;
  const [row] = await rowsOf(
    tx,
    Position,
    sql`select position from rollout_members where ${of} order by position offset ${n - 1} limit 1`,
  );
  return row?.position ?? POSITIONS;
};

/** Gives a page of members their waves. @returns whether all have one now */
export const placeMembers = async (
  tx: Database,
  rollout: RolloutRow,
  waves: readonly WaveRow[],
): Promise<boolean> => {
  if (waves.every(({ who, upTo }) => (who.count === undefined && who.percent === undefined) || upTo === null))
    await setEnds(tx, rollout.id, waves);
  const ends = await tx
    .select()
    .from(rolloutWaves)
    .where(eq(rolloutWaves.rollout, rollout.id))
    .orderBy(rolloutWaves.index);
  const wave = waveAt(ends, sql`position`);
  const rows = await rowsOf(
    tx,
    z.unknown(),
    sql`update rollout_members set wave = ${wave}, state = case when ${wave} is null then 'beyond' else state end
      where rollout = ${rollout.id} and device in (
        select device from rollout_members
        where rollout = ${rollout.id} and wave is null and state <> 'beyond' order by position limit ${PAGE})
      returning 1`,
  );
  if (rows.length === PAGE) return false;
  await tx.update(rollouts).set({ placed: true }).where(eq(rollouts.id, rollout.id));
  return true;
};
