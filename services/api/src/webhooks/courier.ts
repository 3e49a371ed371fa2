import type { BlockList } from 'node:net';
import {
  openWebhookSecret,
  recordAttempt,
  takeDueDeliveries,
  tellAlarms,
  type Database,
  type AttemptOutcome,
  type DueDelivery,
} from '@slipway/fleet';
import { messageOf, type MessageId, type WebhookId } from '@slipway/protocol';
import type { Logger } from 'pino';
import { postDelivery } from './post.ts';

/** Brings deliveries of webhooks to their receivers. Any number of servers may; each delivery is tried by one at a time. */
export type Courier = {
  /** tries one now, and resolves once that is on record */
  readonly deliver: (id: MessageId) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type CourierConfig = {
  readonly allowed: BlockList;
  /** a secret as the database keeps it, opened */
  readonly open: (sealed: string, webhook: WebhookId) => string;
  /** told once for all that has moved between two looks */
  readonly onMoved?: ((webhook: WebhookId) => void) | undefined;
  readonly timeoutMs?: number | undefined;
  /** between two looks for what is due */
  readonly lookMs?: number | undefined;
  readonly alarmsMs?: number | undefined;
};

const LOOK_MS = 1000;
const ALARMS_MS = 30_000;
const AT_ONCE = 32;

export const openCourier = (db: Database, logger: Logger, config: CourierConfig): Courier => {
  const post = async (due: DueDelivery): Promise<AttemptOutcome> => {
    let secrets: string[];
    try {
      secrets = due.secrets.map((kept) => openWebhookSecret(kept, due.webhook, config.open));
    } catch (error) {
      return { ms: 0, status: null, failure: 'secret_lost', detail: messageOf(error) };
    }
    return postDelivery({ ...due, secrets }, config);
  };
  /** whose deliveries have moved since the last look */
  const moved = new Set<WebhookId>();
  const attempt = async (due: DueDelivery): Promise<void> => {
    const { id, webhook } = due;
    moved.add(webhook);
    const outcome = await post(due);
    const { disabled } = await recordAttempt(db, due, outcome, new Date(), Math.random());
    moved.add(webhook);
    const facts = { webhook, delivery: id, attempt: due.attempt, ...outcome };
    if (outcome.failure !== null) logger.info(facts, 'webhook delivery failed');
    if (disabled) logger.warn({ webhook }, 'webhook switched off');
  };
  const underWay = new Set<Promise<void>>();
  const begin = (due: DueDelivery): void => {
    const work = attempt(due)
      .catch((error: unknown) =>
        logger.error({ err: error, delivery: due.id }, 'recording a delivery failed'),
      )
      .finally(() => underWay.delete(work));
    underWay.add(work);
  };
  const look = async (): Promise<void> => {
    const room = AT_ONCE - underWay.size;
    if (room > 0) (await takeDueDeliveries(db, room, new Date())).forEach(begin);
    for (const webhook of moved) config.onMoved?.(webhook);
    moved.clear();
  };

  let last = Promise.resolve();
  const every = (ms: number, work: () => Promise<void>): NodeJS.Timeout =>
    setInterval(() => {
      last = last.then(work).catch((error: unknown) => {
        logger.error({ err: error }, 'looking after webhooks failed');
      });
    }, ms);
  const timers = [
    every(config.lookMs ?? LOOK_MS, look),
    every(config.alarmsMs ?? ALARMS_MS, () => tellAlarms(db, new Date())),
  ];
  return {
    deliver: async (id) => {
      for (const due of await takeDueDeliveries(db, 1, new Date(), id)) await attempt(due);
    },
    close: async () => {
      timers.forEach((timer) => clearInterval(timer));
      await last;
      await Promise.all(underWay);
    },
  };
};
