import { and, desc, eq, inArray, lt, sql, type SQL } from 'drizzle-orm';
import {
  MOST_EARLIER_ROUNDS,
  SlipwayError,
  type Arch,
  type BuildId,
  type ChannelName,
  type Qualification,
  type QualificationState,
  type ReleaseId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { channels, qualifications, releases, triggeredBuilds } from '../schema.ts';
import { found } from './not-found.ts';

type Row = typeof qualifications.$inferSelect;

/** What is to become of a new release. */
export type QualificationWish =
  { readonly state: 'pending' } | { readonly state: 'skipped'; readonly reason: string };

export const QUALIFICATION_OPEN = ['pending', 'running'] as const satisfies readonly QualificationState[];

const toQualification = (row: Row): Qualification => ({
  release: row.release,
  state: row.state,
  from: row.from,
  reason: row.reason,
  code: row.code,
  message: row.message,
  step: row.step,
  steps: row.steps,
  round: row.round,
  attempts: row.attempts,
  worker: row.worker,
  createdAt: row.createdAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  ...(row.earlier.length === 0 ? {} : { earlier: row.earlier }),
});

const isoOf = (column: typeof qualifications.startedAt | typeof qualifications.finishedAt): SQL =>
  sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The round that ends becomes the first of the earlier ones. */
const withEarlier = sql`jsonb_path_query_array(jsonb_build_array(jsonb_build_object(
  'round', ${qualifications.round}, 'state', ${qualifications.state}, 'from', ${qualifications.from},
  'reason', ${qualifications.reason}, 'code', ${qualifications.code}, 'message', ${qualifications.message},
  'steps', ${qualifications.steps}, 'worker', ${qualifications.worker},
  'startedAt', ${isoOf(qualifications.startedAt)}, 'finishedAt', ${isoOf(qualifications.finishedAt)}
)) || ${qualifications.earlier}, ${sql.raw(`'$[0 to ${MOST_EARLIER_ROUNDS - 1}]'`)})`;

/** In the transaction that makes the release. */
export const beginQualification = async (
  tx: Database,
  release: ReleaseId,
  wish: QualificationWish,
  now: Date,
): Promise<void> => {
  await tx.insert(qualifications).values({
    release,
    state: wish.state,
    createdAt: now,
    ...(wish.state === 'skipped' ? { reason: wish.reason, finishedAt: now } : {}),
  });
};

const OF_BEFORE = 'made before there were qualifications';

/** @throws {SlipwayError} NOT_FOUND where there is no such release */
export const getQualification = async (db: Database, id: ReleaseId): Promise<Qualification> => {
  const [row] = await db.select().from(qualifications).where(eq(qualifications.release, id));
  if (row !== undefined) return toQualification(row);
  const { createdAt } = found(await db.select().from(releases).where(eq(releases.id, id)), 'release', id);
  return {
    release: id,
    state: 'skipped',
    from: null,
    reason: OF_BEFORE,
    code: null,
    message: null,
    step: null,
    steps: [],
    round: 0,
    attempts: 0,
    worker: null,
    createdAt: createdAt.toISOString(),
    startedAt: null,
    finishedAt: createdAt.toISOString(),
  };
};

/**
 * Has a release qualified once more, as if for the first time; one that is under way goes on.
 *
 * @returns undefined where it is under way already
 */
export const qualifyAgain = async (
  tx: Database,
  release: ReleaseId,
  channel: ChannelName | undefined,
  now: Date,
): Promise<Qualification | undefined> => {
  const anew = {
    state: 'pending' as const,
    channel: channel ?? null,
    from: null,
    reason: null,
    code: null,
    message: null,
    step: null,
    steps: [],
    attempts: 0,
    worker: null,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
  };
  const [row] = await tx
    .insert(qualifications)
    .values({ ...anew, release })
    .onConflictDoUpdate({
      target: qualifications.release,
      set: { ...anew, round: sql`${qualifications.round} + 1`, earlier: withEarlier },
      setWhere: sql`${qualifications.state} not in ('pending', 'running')`,
    })
    .returning();
  return row === undefined ? undefined : toQualification(row);
};

export type OpenQualification = Qualification & {
  readonly build: BuildId;
  readonly arch: Arch;
  readonly counter: number;
  readonly deviceClass: typeof releases.$inferSelect.deviceClass;
  readonly channel: ChannelName | null;
  /** nobody wants it any more */
  readonly isWithdrawn: boolean;
};

/** Those that wait or are under way, the oldest first. @param id only that of this release */
export const openQualifications = async (db: Database, id?: ReleaseId): Promise<OpenQualification[]> => {
  const rows = await db
    .select({ row: qualifications, release: releases })
    .from(qualifications)
    .innerJoin(releases, eq(releases.id, qualifications.release))
    .where(
      and(
        inArray(qualifications.state, [...QUALIFICATION_OPEN]),
        id === undefined ? undefined : eq(qualifications.release, id),
      ),
    )
    .orderBy(qualifications.createdAt)
    .limit(500);
  return rows.map(({ row, release }) => ({
    ...toQualification(row),
    build: release.build,
    arch: release.arch,
    counter: release.counter,
    deviceClass: release.deviceClass,
    channel: row.channel,
    isWithdrawn: release.state === 'withdrawn',
  }));
};

/**
 * The release that devices run before they get this one: the current one of the channel that it is for, or else the
 * newest published one before it. Undefined: it is the first.
 */
export const predecessorOf = async (
  db: Database,
  {
    release,
    build,
    deviceClass,
    counter,
    channel,
  }: Pick<OpenQualification, 'release' | 'build' | 'deviceClass' | 'counter' | 'channel'>,
): Promise<{ readonly release: ReleaseId; readonly build: BuildId } | undefined> => {
  const [asked] =
    channel === null
      ? await db
          .select({ channel: triggeredBuilds.channel })
          .from(triggeredBuilds)
          .where(and(eq(triggeredBuilds.build, build), sql`${triggeredBuilds.channel} is not null`))
          .limit(1)
      : [{ channel }];
  const ofChannel =
    asked?.channel == null
      ? []
      : await db
          .select({ release: releases.id, build: releases.build })
          .from(channels)
          .innerJoin(releases, eq(releases.id, channels.release))
          .where(
            and(
              eq(channels.deviceClass, deviceClass),
              eq(channels.name, asked.channel),
              lt(releases.counter, counter),
            ),
          );
  if (ofChannel[0] !== undefined && ofChannel[0].release !== release) return ofChannel[0];
  const [newest] = await db
    .select({ release: releases.id, build: releases.build })
    .from(releases)
    .where(
      and(
        eq(releases.deviceClass, deviceClass),
        eq(releases.state, 'published'),
        lt(releases.counter, counter),
      ),
    )
    .orderBy(desc(releases.counter))
    .limit(1);
  return newest;
};

export type QualificationChange = Partial<
  Omit<Row, 'release' | 'tenant' | 'createdAt' | 'round' | 'earlier'>
>;

/**
 * Changes a qualification that is under way.
 *
 * @returns undefined where it is over, or another round has begun, or nothing is new
 */
export const moveQualification = async (
  db: Database,
  { release, round }: Pick<Qualification, 'release' | 'round'>,
  change: QualificationChange,
): Promise<Qualification | undefined> => {
  const [row] = await db
    .update(qualifications)
    .set(change)
    .where(
      and(
        eq(qualifications.release, release),
        eq(qualifications.round, round),
        inArray(qualifications.state, [...QUALIFICATION_OPEN]),
      ),
    )
    .returning();
  return row === undefined ? undefined : toQualification(row);
};

/** @throws {SlipwayError} QUALIFICATION_PENDING, QUALIFICATION_FAILED */
export const requireQualified = async (db: Database, id: ReleaseId): Promise<void> => {
  const { state, step, code, message } = await getQualification(db, id);
  if (state === 'passed' || state === 'skipped') return;
  if (state === 'failed')
    throw new SlipwayError(
      'QUALIFICATION_FAILED',
      `Release ${id} did not prove itself in a virtual device: ${message ?? code ?? 'nothing was said'}. ` +
        `Read \`slipway releases console ${id}\`; build it anew, qualify it again, or publish it with --force.`,
      { details: { release: id, code } },
    );
  throw new SlipwayError(
    'QUALIFICATION_PENDING',
    `Release ${id} has not been tried in a virtual device yet (${step ?? state}). ` +
      `\`slipway releases qualify ${id} --watch\` follows it; publish it afterwards, or at once with --force.`,
    { details: { release: id, state } },
  );
};
