import { and, asc, eq, isNull, lte, sql } from 'drizzle-orm';
import {
  SlipwayError,
  type WebhookDelivery,
  type WebhookDeliveryDetails,
  type WebhookFailure,
  type MessageId,
  type WebhookDeliveryState,
  type WebhookId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newMessageId } from '../new-id.ts';
import { webhookAttempts, webhookDeliveries, webhooks } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** From each try to the next: eight tries within a day. */
const DELAYS_MS = [5000, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 6 * HOUR_MS, 14 * HOUR_MS];
export const MAX_TRIES = DELAYS_MS.length + 1;

/** A webhook that has done nothing but fail for so long is switched off. */
export const DEAD_AFTER_MS = 5 * DAY_MS;
/** Whoever has not told the end of a try by then counts as dead. */
const LEASE_MS = 2 * MINUTE_MS;

type Row = typeof webhookDeliveries.$inferSelect;

const toDelivery = (row: Row): WebhookDelivery => ({
  id: row.id,
  webhook: row.webhook,
  event: row.event,
  state: row.state,
  attempts: row.attempts,
  nextAttemptAt: row.state === 'pending' ? row.nextAt.toISOString() : null,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});

export const listWebhookDeliveries = async (
  db: Database,
  webhook: WebhookId,
  page: Page & { readonly state?: WebhookDeliveryState | undefined },
): Promise<Paged<WebhookDelivery>> => {
  const filter = and(
    eq(webhookDeliveries.webhook, webhook),
    page.state === undefined ? undefined : eq(webhookDeliveries.state, page.state),
  );
  const keys = keyset(page, { by: [webhookDeliveries.createdAt, webhookDeliveries.id], direction: 'desc' });
  const rows = await db
    .select({ row: webhookDeliveries, key: keys.key })
    .from(webhookDeliveries)
    .where(and(filter, keys.where))
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toDelivery),
    () => db.$count(webhookDeliveries, filter),
  );
};

export const getWebhookDelivery = async (
  db: Database,
  webhook: WebhookId,
  id: MessageId,
): Promise<WebhookDeliveryDetails> => {
  const isThis = and(eq(webhookDeliveries.webhook, webhook), eq(webhookDeliveries.id, id));
  const row = found(await db.select().from(webhookDeliveries).where(isThis), 'delivery', id);
  const tries = await db
    .select()
    .from(webhookAttempts)
    .where(eq(webhookAttempts.delivery, id))
    .orderBy(asc(webhookAttempts.number));
  return {
    ...toDelivery(row),
    body: row.body,
    tries: tries.map(({ number, at, ms, status, failure, detail }) => ({
      number,
      at: at.toISOString(),
      ms,
      status,
      failure,
      detail,
    })),
  };
};

/** A delivery that tells nothing but that it is one. */
export const pingWebhook = async (db: Database, webhook: WebhookId, now: Date): Promise<MessageId> => {
  const known = await db.select({ id: webhooks.id }).from(webhooks).where(eq(webhooks.id, webhook));
  const { id: of } = found(known, 'webhook', webhook);
  const id = newMessageId();
  const body = JSON.stringify({ type: 'ping', timestamp: now.toISOString(), data: { webhook: of } });
  await db
    .insert(webhookDeliveries)
    .values({ id, webhook: of, event: 'ping', body, nextAt: now, createdAt: now });
  return id;
};

/** Has it tried anew, as often as a new one; the id stays, so whoever has had it can tell. */
export const redeliverWebhook = (
  db: Database,
  webhook: WebhookId,
  id: MessageId,
  actor: string,
  now: Date,
): Promise<WebhookDelivery> =>
  db.transaction(async (tx) => {
    const isThis = and(eq(webhookDeliveries.webhook, webhook), eq(webhookDeliveries.id, id));
    const before = found(
      await tx.select().from(webhookDeliveries).where(isThis).for('update'),
      'delivery',
      id,
    );
    const underWay = and(eq(webhookAttempts.delivery, id), isNull(webhookAttempts.ms));
    if (before.nextAt > now && (await tx.$count(webhookAttempts, underWay)) > 0)
      throw new SlipwayError('CONFLICT', `Delivery ${id} is being tried now. Wait for its end.`);
    const rows = await tx
      .update(webhookDeliveries)
      .set({ state: 'pending', tries: 0, nextAt: now, finishedAt: null })
      .where(isThis)
      .returning();
    await recordAudit(tx, {
      actor,
      action: 'webhook.redeliver',
      subject: webhook,
      details: { delivery: id },
    });
    return toDelivery(found(rows, 'delivery', id));
  });

export type DueDelivery = {
  readonly id: MessageId;
  readonly webhook: WebhookId;
  readonly url: string;
  readonly body: string;
  /** as the database keeps them; the second one only while a rotation overlaps */
  readonly secrets: readonly string[];
  readonly attempt: number;
};

/**
 * Takes deliveries whose turn it is, each for one try: no other server tries them until the lease ends, and the try is
 * on record before it is made.
 *
 * @param only that one, whenever its turn is
 */
export const takeDueDeliveries = (
  db: Database,
  limit: number,
  now: Date,
  only?: MessageId,
): Promise<DueDelivery[]> =>
  db.transaction(async (tx) => {
    const due = await tx
      .select({ row: webhookDeliveries, hook: webhooks })
      .from(webhookDeliveries)
      .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhook))
      .where(
        and(
          eq(webhookDeliveries.state, 'pending'),
          lte(webhookDeliveries.nextAt, now),
          only === undefined ? eq(webhooks.enabled, true) : eq(webhookDeliveries.id, only),
        ),
      )
      .orderBy(asc(webhookDeliveries.nextAt))
      .limit(limit)
      .for('update', { of: webhookDeliveries, skipLocked: true });
    const taken: DueDelivery[] = [];
    for (const { row, hook } of due) {
      // Of a server that was killed in it.
      await tx
        .update(webhookAttempts)
        .set({ ms: 0, failure: 'interrupted', detail: 'the server ended in the middle of it' })
        .where(and(eq(webhookAttempts.delivery, row.id), isNull(webhookAttempts.ms)));
      const attempt = row.attempts + 1;
      await tx.insert(webhookAttempts).values({ delivery: row.id, number: attempt, at: now });
      await tx
        .update(webhookDeliveries)
        .set({ attempts: attempt, tries: row.tries + 1, nextAt: new Date(now.getTime() + LEASE_MS) })
        .where(eq(webhookDeliveries.id, row.id));
      const overlaps = hook.previousSecretUntil !== null && hook.previousSecretUntil > now;
      taken.push({
        id: row.id,
        webhook: hook.id,
        url: hook.url,
        body: row.body,
        secrets: [hook.secret, ...(overlaps && hook.previousSecret !== null ? [hook.previousSecret] : [])],
        attempt,
      });
    }
    return taken;
  });

export type AttemptOutcome = {
  readonly ms: number;
  readonly status: number | null;
  readonly failure: WebhookFailure | null;
  readonly detail: string | null;
};

const GONE = 410;

/**
 * Writes how a try ended, and when the next one is. A webhook that answers 410, or that has failed for days, is
 * switched off.
 *
 * @param chance 0 to 1; spreads tries, so that a receiver that comes back is not met by all at once
 */
export const recordAttempt = (
  db: Database,
  due: Pick<DueDelivery, 'id' | 'webhook' | 'attempt'>,
  outcome: AttemptOutcome,
  now: Date,
  chance: number,
): Promise<{ readonly disabled: boolean }> =>
  db.transaction(async (tx) => {
    await tx
      .update(webhookAttempts)
      .set(outcome)
      .where(and(eq(webhookAttempts.delivery, due.id), eq(webhookAttempts.number, due.attempt)));
    const [row] = await tx
      .select()
      .from(webhookDeliveries)
      .where(eq(webhookDeliveries.id, due.id))
      .for('update');
    // It was deleted, or the lease ended and another has it now.
    if (row === undefined || row.attempts !== due.attempt || row.state !== 'pending')
      return { disabled: false };
    const isThis = eq(webhookDeliveries.id, due.id);
    const hook = eq(webhooks.id, due.webhook);
    if (outcome.failure === null) {
      await tx.update(webhookDeliveries).set({ state: 'delivered', finishedAt: now }).where(isThis);
      await tx.update(webhooks).set({ failingSince: null }).where(hook);
      return { disabled: false };
    }
    const delay = DELAYS_MS[row.tries - 1];
    await tx
      .update(webhookDeliveries)
      .set(
        delay === undefined || row.event === 'ping'
          ? { state: 'failed', finishedAt: now }
          : { nextAt: new Date(now.getTime() + delay * (0.8 + 0.4 * chance)) },
      )
      .where(isThis);
    const [failing] = await tx
      .update(webhooks)
      .set({ failingSince: sql`coalesce(${webhooks.failingSince}, ${now.toISOString()}::timestamptz)` })
      .where(hook)
      .returning();
    const gone = outcome.status === GONE;
    const dead = (failing?.failingSince?.getTime() ?? Infinity) <= now.getTime() - DEAD_AFTER_MS;
    if (failing?.enabled !== true || !(gone || dead)) return { disabled: false };
    const reason = gone
      ? 'the receiver answered 410 Gone'
      : `no delivery has succeeded since ${failing.failingSince?.toISOString() ?? ''}`;
    await tx.update(webhooks).set({ enabled: false, disabledReason: reason, updatedAt: now }).where(hook);
    await recordAudit(tx, {
      actor: 'server',
      action: 'webhook.disable',
      subject: due.webhook,
      details: { reason, delivery: due.id },
    });
    return { disabled: true };
  });
