import { and, eq, inArray } from 'drizzle-orm';
import { isQualificationOver, type ReleaseEvent, type ReleaseId } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { audit, channelHistory } from '../schema.ts';
import { getQualification } from './qualifications.ts';
import { getRelease } from './releases.ts';

const STEPS = {
  'release.publish': 'published',
  'release.deprecate': 'deprecated',
  'release.withdraw': 'withdrawn',
  'release.qualify': 'qualification-asked',
} as const;
type Step = keyof typeof STEPS;
const ACTIONS = Object.keys(STEPS).filter((action): action is Step => action in STEPS);

/**
 * What became of a release, oldest first: what the audit log and the channels say, with its signature and the end of its
 * last qualification.
 *
 * @throws {SlipwayError} NOT_FOUND
 */
export const releaseHistory = async (db: Database, id: ReleaseId): Promise<ReleaseEvent[]> => {
  const release = await getRelease(db, id);
  const qualification = await getQualification(db, id);
  const steps = await db
    .select({ at: audit.at, actor: audit.actor, action: audit.action, details: audit.details })
    .from(audit)
    .where(and(eq(audit.subject, id), inArray(audit.action, ACTIONS)))
    .orderBy(audit.id);
  const moves = await db
    .select()
    .from(channelHistory)
    .where(eq(channelHistory.release, id))
    .orderBy(channelHistory.id);
  const { finishedAt } = qualification;
  const events: ReleaseEvent[] = [
    { at: release.createdAt, what: 'signed', actor: null },
    ...(finishedAt !== null && qualification.round > 0 && isQualificationOver(qualification)
      ? [
          {
            at: finishedAt,
            what: 'qualified',
            actor: qualification.worker,
            outcome: qualification.state,
          } as const,
        ]
      : []),
    ...steps.flatMap(({ at, actor, action, details }): ReleaseEvent[] =>
      isStep(action)
        ? [
            {
              at: at.toISOString(),
              what: STEPS[action],
              actor,
              ...(details['force'] === true ? { forced: true } : {}),
            },
          ]
        : [],
    ),
    ...moves.map(({ at, actor, channel, event }): ReleaseEvent => ({
      at: at.toISOString(),
      what: event === 'published' ? 'channel-published' : 'channel-withdrawn',
      actor,
      channel,
    })),
  ];
  return events.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
};

const isStep = (action: string): action is Step => action in STEPS;
