import { asc, eq, inArray } from 'drizzle-orm';
import type { FirstRun, FirstRunStepName } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { builds, devices, executions, releases, users } from '../schema.ts';

/**
 * What did each step of the way to a first updated device; null: nothing yet. Of devices and updates it is any one of
 * them: which was the first nobody needs to know where there are a million.
 */
export const firstRunSteps = async (
  db: Database,
): Promise<Record<Exclude<FirstRunStepName, 'images'>, string | null>> => {
  const [user, build, publish, device, update] = await Promise.all([
    db.select({ subject: users.name }).from(users).orderBy(asc(users.createdAt)).limit(1),
    db
      .select({ subject: builds.id })
      .from(builds)
      .where(eq(builds.state, 'succeeded'))
      .orderBy(asc(builds.createdAt), asc(builds.counter))
      .limit(1),
    db
      .select({ subject: releases.id })
      .from(releases)
      .where(inArray(releases.state, ['published', 'deprecated']))
      .orderBy(asc(releases.createdAt), asc(releases.counter))
      .limit(1),
    db.select({ subject: devices.id }).from(devices).where(eq(devices.state, 'active')).limit(1),
    db
      .select({ subject: executions.rollout })
      .from(executions)
      .where(eq(executions.state, 'COMMITTED'))
      .limit(1),
  ]);
  const of = (rows: readonly { readonly subject: string }[]): string | null => rows[0]?.subject ?? null;
  return {
    user: of(user),
    build: of(build),
    publish: of(publish),
    device: of(device),
    update: of(update),
  };
};

/** In order, with what the image repository has. */
export const toFirstRunSteps = (
  found: Awaited<ReturnType<typeof firstRunSteps>>,
  firstClass: string | undefined,
): FirstRun['steps'] =>
  (
    [
      ['user', found.user],
      ['images', firstClass ?? null],
      ['build', found.build],
      ['publish', found.publish],
      ['device', found.device],
      ['update', found.update],
    ] as const
  ).map(([name, subject]) => ({ name, done: subject !== null, subject }));
