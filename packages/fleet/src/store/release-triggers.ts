import type { ChannelName, Release } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { recordDelivery } from './deliveries.ts';
import { releaseTriggers } from './triggers.ts';

/**
 * Sets off what waits for a release, in the transaction that publishes it.
 *
 * @param channel that it was published to; null: it became published
 */
export const setOffByRelease = async (
  db: Database,
  release: Release,
  channel: ChannelName | null,
  now: Date,
): Promise<void> => {
  for (const trigger of await releaseTriggers(db, release.deviceClass)) {
    if (trigger.on.kind !== 'release' || (trigger.on.channel ?? null) !== channel) continue;
    const facts = {
      release: release.id,
      deviceClass: release.deviceClass,
      version: release.version,
      ...(channel === null ? {} : { channel }),
    };
    await recordDelivery(
      db,
      {
        trigger: trigger.id,
        event: 'release',
        eventId: channel === null ? release.id : `${release.id}@${channel}`,
        verdict: 'accepted',
        reason: `${release.deviceClass} ${release.version} was published${channel === null ? '' : ` to ${channel}`}`,
        facts,
        run: {
          asked: {
            trigger: trigger.id,
            key: 'release',
            cause: { kind: 'release', id: trigger.id, cause: facts },
          },
          windowMs: trigger.windowSeconds * 1000,
        },
      },
      now,
    );
  }
};
