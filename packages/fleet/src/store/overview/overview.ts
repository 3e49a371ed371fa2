import { and, inArray } from 'drizzle-orm';
import type { Overview, TenantId } from '@slipway/protocol';
import type { Reach } from '../../actor.ts';
import type { Database } from '../../database.ts';
import { rollouts } from '../../schema.ts';
import { countDevices } from '../count-devices.ts';
import { isInReach, isRolloutInReach } from '../reach.ts';
import { listRollouts } from '../rollouts.ts';
import { recentActivity } from './activity.ts';
import { attentionOf, type ServerFacts } from './attention.ts';
import { findFacts, OPEN } from './facts.ts';

const MOST_ROLLOUTS = 20;
const MOST_ACTIVITY = 20;

/** The fleet at a glance, as far as whoever asks may see it. */
export const getOverview = async (
  db: Database,
  tenant: TenantId,
  reach: Reach,
  server: ServerFacts,
  now: Date,
): Promise<Overview> => {
  const near = await isInReach(db, reach, now);
  const nearRollouts = await isRolloutInReach(db, reach, now);
  const counts = await countDevices(db, '', now, near);
  const facts = await findFacts(db, tenant, near, nearRollouts, now);
  const open = and(inArray(rollouts.state, [...OPEN]), nearRollouts);
  return {
    at: now.toISOString(),
    counts,
    attention: attentionOf(facts, counts, server, now),
    rollouts: await listRollouts(db, { limit: MOST_ROLLOUTS, offset: 0, near: open }),
    activity: await recentActivity(db, MOST_ACTIVITY, nearRollouts),
  };
};
