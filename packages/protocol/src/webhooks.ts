import { z } from 'zod';
import { MessageId, WebhookId } from './ids.ts';

/** What is told to servers of others by webhooks. */
const time = z.iso.datetime();

/** Events that a webhook can ask for; `ping` comes only when it is asked for by hand. */
export const WEBHOOK_EVENTS = [
  'build.finished',
  'qualification.passed',
  'qualification.failed',
  'release.published',
  'release.deprecated',
  'release.withdrawn',
  'rollout.state',
  'rollout.wave',
  'execution.failed',
  'device.pending',
  'device.rejected',
  'device.enrolled',
  'device.online',
  'device.offline',
  'device.alarm',
  'device.revoked',
  'device.decommissioned',
  'fleet.stopped',
  'fleet.resumed',
] as const;
export const WebhookEvent = z.enum(WEBHOOK_EVENTS);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

const Url = z
  .url({ protocol: /^https?$/, error: 'a URL that begins with https://' })
  .max(2048)
  .refine((text) => {
    const url = URL.parse(text);
    return url === null || (url.username === '' && url.password === '' && url.hash === '');
  }, 'a URL without user, password and fragment: the signature says who sends')
  .describe('Where events are posted; plain http only to addresses that the server is set to allow.');

const Events = z.array(WebhookEvent).max(WEBHOOK_EVENTS.length).describe('Which events; none: all.');
const Description = z
  .string()
  .max(512)
  .regex(/^[^\p{Cc}]*$/u, 'one line of text');

export const WebhookCreate = z.strictObject({
  url: Url,
  events: Events.default([]),
  description: Description.default(''),
});
export type WebhookCreate = z.infer<typeof WebhookCreate>;

export const WebhookChange = z.strictObject({
  url: Url.optional(),
  events: Events.optional(),
  description: Description.optional(),
  enabled: z.boolean().optional().describe('Also for one that the server has switched off.'),
});
export type WebhookChange = z.infer<typeof WebhookChange>;

export const Webhook = z.object({
  id: WebhookId,
  url: z.string(),
  events: z.array(z.string()),
  description: z.string(),
  enabled: z.boolean(),
  disabledReason: z.string().nullable().describe('Why the server has switched it off.'),
  failingSince: time.nullable().describe('When the first try failed since which none has succeeded.'),
  previousSecretUntil: time.nullable().describe('Until when the secret before signs, too.'),
  createdAt: time,
  updatedAt: time,
});
export type Webhook = z.infer<typeof Webhook>;

/** Answer where a secret is made; it is never shown again. */
export const WebhookSecret = Webhook.extend({
  secret: z.string().describe('whsec_ and the key in base64.'),
});
export type WebhookSecret = z.infer<typeof WebhookSecret>;

export const WebhookRotate = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400)
    .describe('How long deliveries are signed by both secrets.'),
});
export type WebhookRotate = z.infer<typeof WebhookRotate>;

export const WebhookDeliveryState = z.enum(['pending', 'delivered', 'failed']);
export type WebhookDeliveryState = z.infer<typeof WebhookDeliveryState>;

/**
 * Why a try did not succeed; `status`: it was answered, but not by 2xx; `secret_lost`: there was nothing to sign with, so
 * nothing was posted.
 */
export const WebhookFailure = z.enum([
  'address_refused',
  'unresolvable',
  'connection',
  'tls',
  'timeout',
  'redirect',
  'status',
  'interrupted',
  'secret_lost',
]);
export type WebhookFailure = z.infer<typeof WebhookFailure>;

export const WebhookAttempt = z.object({
  number: z.int(),
  at: time,
  ms: z.int().nullable().describe('How long it took; null: it is under way, or the server was killed in it.'),
  status: z.int().nullable().describe('HTTP status of the answer.'),
  failure: WebhookFailure.nullable(),
  detail: z.string().nullable().describe('What failed, or how the answer begins.'),
});
export type WebhookAttempt = z.infer<typeof WebhookAttempt>;

/** One event on its way to one webhook. `id` goes in the header webhook-id, and is the same in every try. */
export const WebhookDelivery = z.object({
  id: MessageId,
  webhook: WebhookId,
  event: z.string(),
  state: WebhookDeliveryState,
  attempts: z.int(),
  nextAttemptAt: time.nullable(),
  createdAt: time,
  finishedAt: time.nullable(),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

export const WebhookDeliveryDetails = WebhookDelivery.extend({
  body: z.string().describe('Byte for byte what is posted.'),
  tries: z.array(WebhookAttempt),
});
export type WebhookDeliveryDetails = z.infer<typeof WebhookDeliveryDetails>;
