import { devicesAsked, devicesAskedSince, type Database } from '@slipway/fleet';
import { codeOf, type DeviceId } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { Planner } from './planner.ts';

type Needs = { readonly db: Database; readonly logger: Logger; readonly planner: Planner };

/** So many are on their way to the broker at once, so that reports of devices that come back do not wait behind. */
const PAGE = 500;
/** A broker that is killed forgets what it was told since it last wrote its state down. */
const FORGOTTEN_MS = 120_000;

type Wanted = { readonly since: Date | undefined };

/** Of both. */
const merge = (a: Wanted, b: Wanted | undefined): Wanted => {
  if (b === undefined) return a;
  if (a.since === undefined || b.since === undefined) return { since: undefined };
  return a.since < b.since ? a : b;
};

/**
 * Gives the broker what it may not have of what is asked of devices; devices know a sequence number they have seen.
 *
 * @returns to be told since when something may be missing; undefined: all of it
 */
export const createRepublishing = ({ db, logger, planner }: Needs): ((since: Date | undefined) => void) => {
  let wanted: Wanted | undefined;
  let isRunning = false;

  const publishAll = async (): Promise<void> => {
    let page = await devicesAsked(db, undefined, PAGE);
    while (page.length > 0) {
      await planner.settleDesired(page);
      page = await devicesAsked(db, page.at(-1), PAGE);
    }
  };
  const publishSince = async (since: Date): Promise<void> => {
    const devices: readonly DeviceId[] = await devicesAskedSince(db, since);
    for (let from = 0; from < devices.length; from += PAGE)
      await planner.settleDesired(devices.slice(from, from + PAGE));
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    while (wanted !== undefined) {
      const { since } = wanted;
      wanted = undefined;
      try {
        await (since === undefined ? publishAll() : publishSince(new Date(since.getTime() - FORGOTTEN_MS)));
      } catch (error) {
        logger.error({ code: codeOf(error), err: error }, 'publishing what is asked of devices failed');
      }
    }
    isRunning = false;
  };

  return (since) => {
    wanted = merge({ since }, wanted);
    if (!isRunning) void run();
  };
};
