import { recordAudit, ROW_KINDS, type Database } from '@slipway/fleet';
import {
  codeOf,
  DEFAULT_LIMITS,
  keptFor,
  RetainedKind,
  type Retention as Kept,
  type RetentionLimits,
  type RetentionReport,
} from '@slipway/protocol';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { keepArtifacts, keepLogs, keepSources } from './keep-files.ts';
import { keepIdempotencyKeys, keepQueueRecords } from './keep-redis.ts';
import { keepDrafts, keepRows } from './keep-rows.ts';
import type { Keeper, Stock } from './keeper.ts';

/** The one place that removes what is past its time, of the store, the database and Redis. */
export type Retention = {
  readonly show: () => Promise<Kept>;
  readonly dryRun: () => Promise<RetentionReport>;
  /** one pass, with an entry in the audit log */
  readonly run: (actor: string) => Promise<RetentionReport>;
  readonly close: () => Promise<void>;
};

type Needs = {
  readonly db: Database;
  readonly redis: Redis;
  readonly storeDir: string;
  readonly logger: Logger;
  readonly limits?: RetentionLimits | undefined;
};

const ITSELF = 'retention';
const EVERY_MS = 3_600_000;
/** After a pass that left something. */
const MORE_MS = 60_000;

const keepersOf = (stock: Stock): readonly Keeper[] => {
  const all = [
    keepDrafts(stock),
    keepArtifacts(stock),
    keepLogs(stock),
    keepSources(stock),
    ...ROW_KINDS.map((kind) => keepRows(kind, stock)),
    keepIdempotencyKeys(stock),
    keepQueueRecords(stock),
  ];
  return RetainedKind.options.flatMap((kind) => all.filter((keeper) => keeper.kind === kind));
};

/** Looks every hour, one look at a time, and leaves an entry where anything went; several servers do no harm to each other. */
export const openRetention = ({ limits = DEFAULT_LIMITS, logger, ...rest }: Needs): Retention => {
  const { db } = rest;
  const keepers = keepersOf({ ...rest, limits });
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = last.catch(() => undefined).then(work);
    last = next;
    return next;
  };

  const show = async (): Promise<Kept> => {
    const now = new Date();
    const kinds: Kept['kinds'] = [];
    for (const { kind, look } of keepers)
      kinds.push({ kind, kept: keptFor(kind, limits), ...(await look(now)) });
    return { limits, kinds };
  };

  const pass = async (actor: string): Promise<RetentionReport> => {
    const now = new Date();
    const items: RetentionReport['items'] = [];
    let more = false;
    const tell = async (): Promise<void> => {
      const gone = items.filter(({ count }) => count > 0);
      if (gone.length === 0 && actor === ITSELF) return;
      await recordAudit(db, { actor, action: 'retention.run', subject: 'store', details: { items: gone } });
      logger.info({ items: gone }, 'what was past its time is removed');
    };
    try {
      for (const { kind, remove } of keepers) {
        const { more: left, ...gone } = await remove(now);
        items.push({ kind, ...gone });
        more ||= left;
      }
    } finally {
      // Also of a pass that failed at a later kind.
      await tell();
    }
    return { dryRun: false, items, more };
  };

  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const lookAfter = (ms: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      inTurn(() => pass(ITSELF)).then(
        ({ more }) => lookAfter(more ? MORE_MS : EVERY_MS),
        (error: unknown) => {
          logger.error({ code: codeOf(error), err: error }, 'retention failed');
          lookAfter(EVERY_MS);
        },
      );
    }, ms);
    timer.unref();
  };
  lookAfter(EVERY_MS);

  return {
    show: () => inTurn(show),
    dryRun: () =>
      inTurn(async () => {
        const { kinds } = await show();
        return { dryRun: true, items: kinds.map(({ kind, due }) => ({ kind, ...due })), more: false };
      }),
    run: (actor) => inTurn(() => pass(actor)),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await last.catch(() => undefined);
    },
  };
};
