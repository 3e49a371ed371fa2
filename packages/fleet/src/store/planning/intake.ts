import { and, eq, sql } from 'drizzle-orm';
import { DeviceId } from '@slipway/protocol';
import { z } from 'zod';
import { rowsOf } from '../../backup/export-database.ts';
import type { Database } from '../../database.ts';
import { devices, rolloutHints, rollouts } from '../../schema.ts';
import { isStillTarget } from '../rollout-targets.ts';
import { isOneOf } from '../row-set.ts';
import { PAGE, type RolloutRow, type WaveRow } from './facts.ts';
import { placeMembers, positionOf, waveOfJoining } from './places.ts';

export type Intake = {
  /** the rollout, as far as it is known by now */
  readonly isSwept: boolean;
  readonly isPlaced: boolean;
  /** devices that something happened to, and whether their health failed meanwhile */
  readonly hinted: ReadonlyMap<DeviceId, { readonly unwell: boolean }>;
  readonly more: boolean;
  /** among it what offers wait for: devices whose health failed, or nobody knows yet who takes part */
  readonly holdsOffers: boolean;
};

/** A rollout is looked through again after so long: for queries by what no trigger watches. */
export const SWEEP_EVERY_MS = 300_000;

const Row = z.object({ device: DeviceId });
const Hint = Row.extend({ unwell: z.boolean() });

/**
 * Takes in what happened to devices since, where health failed first, and the next page of devices that the rollout may be
 * meant for.
 */
export const takeIn = async (
  tx: Database,
  rollout: RolloutRow,
  waves: readonly WaveRow[],
  now: Date,
): Promise<Intake> => {
  const takesPart = rollout.state === 'running' || rollout.state === 'paused';
  if (!takesPart && rollout.state !== 'rolling_back') {
    await tx.delete(rolloutHints).where(eq(rolloutHints.rollout, rollout.id));
    return { isSwept: true, isPlaced: true, hinted: new Map(), more: false, holdsOffers: false };
  }
  const hints = await rowsOf(
    tx,
    Hint,
    sql`delete from rollout_hints where id in (
      select id from rollout_hints where rollout = ${rollout.id} order by unwell desc, id limit ${PAGE} for update skip locked)
      returning device, unwell`,
  );
  const hinted = new Map<DeviceId, { unwell: boolean }>();
  for (const { device, unwell } of hints)
    hinted.set(device, { unwell: unwell || (hinted.get(device)?.unwell ?? false) });
  const more = hints.length === PAGE;
  const holdsOffers = more && hints.every(({ unwell }) => unwell);
  if (!takesPart) return { isSwept: true, isPlaced: true, hinted, more, holdsOffers };

  await reopenDue(tx, rollout, now);
  const join = await joinOf(tx, rollout, waves, now);
  if (hinted.size > 0) {
    await reopen(tx, rollout, [...hinted.keys()]);
    await join([...hinted.keys()]);
    await leaveCurrent(tx, rollout, [...hinted.keys()]);
  }
  let isSwept = rollout.sweepFrom === null;
  if (!isSwept) isSwept = await sweep(tx, rollout, join, now);
  let isPlaced = rollout.placed;
  if (!isPlaced && isSwept) isPlaced = await placeMembers(tx, rollout, waves);
  const isKnown = isPlaced && (isSwept || rollout.sweptAt !== null);
  return {
    isSwept,
    isPlaced,
    hinted,
    more: more || !isSwept || !isPlaced,
    holdsOffers: holdsOffers || !isKnown,
  };
};

const reopenDue = async (tx: Database, rollout: RolloutRow, now: Date): Promise<void> => {
  await tx.execute(sql`
    update rollout_members set state = 'open', not_before = null, code = null
    where rollout = ${rollout.id} and device in (
      select device from rollout_members
      where rollout = ${rollout.id} and not_before <= ${now.toISOString()}::timestamptz and state in ('retrying', 'busy')
      order by not_before limit ${PAGE})`);
};

/** What kept these back may be over. */
const reopen = async (tx: Database, rollout: RolloutRow, ids: readonly DeviceId[]): Promise<void> => {
  await tx.execute(sql`
    update rollout_members m set state = 'open', not_before = null
    from devices
    where m.rollout = ${rollout.id} and m.device = ${devices.id} and ${isOneOf(devices.id, ids)} and (
      m.state = 'busy' or m.state in ('away', 'skipped') and (${devices.online} or ${devices.state} <> 'active')
      or m.state = 'current' and ${devices.release} is distinct from ${rollout.release})`);
};

/** Those that run the release without an offer of ours, also while nothing is offered. */
const leaveCurrent = async (tx: Database, rollout: RolloutRow, ids: readonly DeviceId[]): Promise<void> => {
  await tx.execute(sql`
    update rollout_members m set state = 'current', not_before = null
    from devices
    where m.rollout = ${rollout.id} and m.device = ${devices.id} and ${isOneOf(devices.id, ids)}
      and m.state in ('open', 'away', 'skipped') and ${devices.release} = ${rollout.release}`);
};

type Join = (ids: readonly DeviceId[]) => Promise<void>;

/** Lets devices in that the rollout is meant for now, and those out that it is not, where nothing was begun. */
const joinOf = async (
  tx: Database,
  rollout: RolloutRow,
  waves: readonly WaveRow[],
  now: Date,
): Promise<Join> => {
  const isTarget = await isStillTarget(tx, rollout, now);
  const wave = await waveOfJoining(tx, rollout, waves, now);
  const isKnown = rollout.placed ? sql`true` : sql`false`;
  const listed = rollout.devices === null ? undefined : new Set(rollout.devices);
  return async (ids) => {
    const among = isOneOf(devices.id, listed === undefined ? ids : ids.filter((id) => listed.has(id)));
    await tx.execute(sql`
      insert into rollout_members (rollout, device, position, wave, state)
      select ${rollout.id}, device, position, wave, case when wave is null and ${isKnown} then 'beyond' else state end
      from (
        select ${devices.id} as device, ${positionOf(rollout.id)} as position, ${wave} as wave,
          case when ${devices.release} = ${rollout.release} then 'current'
            when ${devices.online} then 'open' else 'away' end as state
        from ${devices} where ${among} and ${isTarget}
      ) as joining
      on conflict (rollout, device) do nothing`);
    if (rollout.sweptAt === null) return;
    const isOut = sql`rollout = ${rollout.id} and ${isOneOf(sql`device`, ids)}
      and state in ('open', 'away', 'busy', 'retrying', 'skipped', 'current')
      and not exists (select from ${devices} where ${devices.id} = device and ${isTarget})`;
    await tx.execute(sql`delete from rollout_members where ${isOut} and attempt = 0`);
    await tx.execute(
      sql`update rollout_members set state = 'out', not_before = null where ${isOut} and attempt > 0`,
    );
  };
};

/** The next page of devices. @returns whether it was the last */
const sweep = async (tx: Database, rollout: RolloutRow, join: Join, now: Date): Promise<boolean> => {
  const from = rollout.sweepFrom ?? '';
  const ids = await nextDevices(tx, rollout, from);
  if (ids.length > 0) {
    // What a trigger may have missed: a report that was written while the rollout was made.
    if (rollout.sweptAt !== null) await reopen(tx, rollout, ids);
    await join(ids);
  }
  const isLast = ids.length < PAGE;
  await tx
    .update(rollouts)
    .set(isLast ? { sweepFrom: null, sweptAt: now } : { sweepFrom: ids.at(-1) ?? null })
    .where(eq(rollouts.id, rollout.id));
  return isLast;
};

const nextDevices = async (tx: Database, rollout: RolloutRow, from: string): Promise<DeviceId[]> => {
  if (rollout.devices !== null)
    return rollout.devices
      .filter((id) => id > from)
      .sort()
      .slice(0, PAGE);
  const rows = await tx
    .select({ device: devices.id })
    .from(devices)
    .where(and(eq(devices.deviceClass, rollout.deviceClass), sql`${devices.id} > ${from}`))
    .orderBy(devices.id)
    .limit(PAGE);
  return rows.map(({ device }) => device);
};
