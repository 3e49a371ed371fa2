import { randomBytes } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import type { Webhook, WebhookChange, WebhookCreate, WebhookId, WebhookSecret } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { newWebhookId } from '../new-id.ts';
import { webhookDeliveries, webhooks } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { found } from './not-found.ts';
import { keyset, type Page, type Paged } from './page.ts';

type Row = typeof webhooks.$inferSelect;

const toWebhook = (row: Row): Webhook => ({
  id: row.id,
  url: row.url,
  events: row.events,
  description: row.description,
  enabled: row.enabled,
  disabledReason: row.disabledReason,
  failingSince: row.failingSince?.toISOString() ?? null,
  previousSecretUntil: row.previousSecretUntil?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/** As Standard Webhooks writes one: 256 random bits. */
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** Of versions that did not seal. */
const isPlain = (secret: string): boolean => secret.startsWith('whsec_');

/** Makes of a secret what the database keeps, with a key that is not in it. */
export type SealWebhook = (secret: string, webhook: WebhookId) => string;
export type ChangesWebhook = { readonly actor: string; readonly seal: SealWebhook };

/** @param open the way back from `SealWebhook` */
export const openWebhookSecret = (
  kept: string,
  webhook: WebhookId,
  open: (sealed: string, webhook: WebhookId) => string,
): string => (isPlain(kept) ? kept : open(kept, webhook));

/** Seals what versions that did not seal have left. Once there is none, this is one look. */
export const sealWebhooks = (db: Database, seal: SealWebhook): Promise<void> =>
  db.transaction(async (tx) => {
    const plain = await tx
      .select()
      .from(webhooks)
      .where(
        sql`starts_with(${webhooks.secret}, 'whsec_') or starts_with(${webhooks.previousSecret}, 'whsec_')`,
      )
      .for('update');
    const sealed = (secret: string, { id }: Row): string => (isPlain(secret) ? seal(secret, id) : secret);
    for (const row of plain)
      await tx
        .update(webhooks)
        .set({
          secret: sealed(row.secret, row),
          previousSecret: row.previousSecret === null ? null : sealed(row.previousSecret, row),
        })
        .where(eq(webhooks.id, row.id));
  });

export const createWebhook = (
  db: Database,
  asked: WebhookCreate,
  { actor, seal }: ChangesWebhook,
  now: Date,
): Promise<WebhookSecret> =>
  db.transaction(async (tx) => {
    const [id, secret] = [newWebhookId(), newSecret()];
    const rows = await tx
      .insert(webhooks)
      .values({ ...asked, id, secret: seal(secret, id), createdAt: now, updatedAt: now })
      .returning();
    const webhook = toWebhook(found(rows, 'webhook', ''));
    const details = { url: asked.url, events: asked.events };
    await recordAudit(tx, { actor, action: 'webhook.create', subject: webhook.id, details });
    return { ...webhook, secret };
  });

const rowOf = async (db: Database, id: WebhookId): Promise<Row> =>
  found(await db.select().from(webhooks).where(eq(webhooks.id, id)), 'webhook', id);

export const getWebhook = async (db: Database, id: WebhookId): Promise<Webhook> =>
  toWebhook(await rowOf(db, id));

export const listWebhooks = async (db: Database, page: Page): Promise<Paged<Webhook>> => {
  const keys = keyset(page, { by: [webhooks.createdAt, webhooks.id], direction: 'desc' });
  const rows = await db
    .select({ row: webhooks, key: keys.key })
    .from(webhooks)
    .where(keys.where)
    .orderBy(...keys.orderBy)
    .limit(keys.limit)
    .offset(page.offset);
  return keys.page(
    rows,
    async (found) => found.map(toWebhook),
    () => db.$count(webhooks),
  );
};

/** One that is switched on anew counts as if it had never failed; what waits for it is tried at once. */
export const changeWebhook = (
  db: Database,
  id: WebhookId,
  change: WebhookChange,
  actor: string,
  now: Date,
): Promise<Webhook> =>
  db.transaction(async (tx) => {
    const { url, events, description, enabled } = change;
    const rows = await tx
      .update(webhooks)
      .set({
        ...(url === undefined ? {} : { url }),
        ...(events === undefined ? {} : { events }),
        ...(description === undefined ? {} : { description }),
        ...(enabled === undefined ? {} : { enabled }),
        ...(enabled === true ? { disabledReason: null, failingSince: null } : {}),
        updatedAt: now,
      })
      .where(eq(webhooks.id, id))
      .returning();
    const webhook = toWebhook(found(rows, 'webhook', id));
    await recordAudit(tx, { actor, action: 'webhook.change', subject: id, details: { ...change } });
    return webhook;
  });

/** Its deliveries go with it. */
export const deleteWebhook = (db: Database, id: WebhookId, actor: string): Promise<void> =>
  db.transaction(async (tx) => {
    const { url } = await rowOf(tx, id);
    await tx.delete(webhookDeliveries).where(eq(webhookDeliveries.webhook, id));
    await tx.delete(webhooks).where(eq(webhooks.id, id));
    await recordAudit(tx, { actor, action: 'webhook.delete', subject: id, details: { url } });
  });

/** For as long as `overlapMs` the secret that was signs as well. */
export const rotateWebhook = (
  db: Database,
  id: WebhookId,
  overlapMs: number,
  { actor, seal }: ChangesWebhook,
  now: Date,
): Promise<WebhookSecret> =>
  db.transaction(async (tx) => {
    const secret = newSecret();
    const [before] = await tx.select().from(webhooks).where(eq(webhooks.id, id)).for('update');
    const rows = await tx
      .update(webhooks)
      .set({
        secret: seal(secret, id),
        previousSecret: overlapMs === 0 ? null : (before?.secret ?? null),
        previousSecretUntil: overlapMs === 0 ? null : new Date(now.getTime() + overlapMs),
        updatedAt: now,
      })
      .where(eq(webhooks.id, id))
      .returning();
    const webhook = toWebhook(found(rows, 'webhook', id));
    const details = { until: webhook.previousSecretUntil };
    await recordAudit(tx, { actor, action: 'webhook.rotate', subject: id, details });
    return { ...webhook, secret };
  });
