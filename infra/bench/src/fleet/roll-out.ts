import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { z } from 'zod';
import { createRollout, getRollout, redisOptions, type Database } from '@slipway/fleet';
import { seedRelease } from '@slipway/fleet/testing';
import { ROLLOUT_QUEUE, type Release, type RolloutId, type RolloutJob } from '@slipway/protocol';
import { askSql } from '../queries/ask-sql.ts';
import type { Servers } from './servers.ts';

type Limits = { readonly failureThreshold: number; readonly maxInFlight: number };

/** A release that the gateways can give out. */
export const publish = async (db: Database, dir: string, version: string): Promise<Release> => {
  const bundle = randomBytes(1024);
  const release = await seedRelease(db, version, bundle);
  await writeFile(join(dir, 'store', 'bundles', `${release.id}.tar`), bundle);
  return release;
};

/** As the API begins it. */
export const begin = async (
  servers: Servers,
  db: Database,
  release: Release,
  limits: Limits,
): Promise<RolloutId> => {
  const { id } = await createRollout(db, { release: release.id, ...limits }, new Date());
  const queue = new Queue<RolloutJob>(ROLLOUT_QUEUE, { connection: redisOptions(servers.redisUrl) });
  await queue.add('plan', { v: 1, rolloutId: id });
  await queue.close();
  return id;
};

export const isOver = async (db: Database, rollout: RolloutId): Promise<boolean> =>
  ['completed', 'stopped', 'aborted'].includes((await getRollout(db, rollout)).state);

const Step = z.object({ state: z.string(), at: z.coerce.number() });
const FAILED = ['ROLLED_BACK', 'FAILED', 'REJECTED', 'TIMED_OUT'];
const OVER = [...FAILED, 'COMMITTED', 'CANCELED'];

/**
 * What really happened, by the history in the database. An offer is written by a planner that has seen each end that is
 * before it, so more can never have been in flight than is counted here.
 */
export const replay = async (db: Database, rollout: RolloutId, failureThreshold: number) => {
  const steps = await askSql(
    db,
    Step,
    `select h.state, extract(epoch from h.at) * 1000 as at from execution_history h
     join executions e on e.id = h.execution where e.rollout = '${rollout}' order by h.id`,
  );
  let [inFlight, mostInFlight, failed, offersAfter] = [0, 0, 0, 0];
  let stoppedAt = Infinity;
  for (const { state, at } of steps) {
    if (state === 'OFFERED') {
      inFlight += 1;
      if (at > stoppedAt + 1000) offersAfter += 1;
    }
    if (OVER.includes(state)) inFlight -= 1;
    if (FAILED.includes(state)) {
      failed += 1;
      if (failed === failureThreshold) stoppedAt = at;
    }
    mostInFlight = Math.max(mostInFlight, inFlight);
  }
  return { mostInFlight, failed, offersAfter };
};
