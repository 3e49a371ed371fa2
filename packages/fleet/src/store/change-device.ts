import { eq } from 'drizzle-orm';
import {
  MAX_ATTRIBUTES,
  MAX_TAGS,
  SlipwayError,
  type AttributeValue,
  type Device,
  type DeviceChange,
  type DeviceId,
} from '@slipway/protocol';
import type { Database } from '../database.ts';
import { devices } from '../schema.ts';
import { recordAudit } from './audit.ts';
import { toDevice } from './devices.ts';
import { found } from './not-found.ts';

/**
 * Sets what operators say of a device. Changes that come at once all count: the row is locked.
 *
 * @throws {SlipwayError} NOT_FOUND, REQUEST_INVALID where there would be too many tags or attributes
 */
export const changeDevice = (
  db: Database,
  id: DeviceId,
  change: DeviceChange,
  actor: string,
): Promise<Device> =>
  db.transaction(async (tx) => {
    const rows = await tx.select().from(devices).where(eq(devices.id, id)).for('no key update');
    const before = found(rows, 'device', id);
    const removed = new Set<string>(change.removeTags);
    const tags = [...new Set([...(change.tags ?? before.tags), ...(change.addTags ?? [])])]
      .filter((tag) => !removed.has(tag))
      .sort();
    const attributes = merged(before.attributes, change.attributes ?? {});
    refuseMore('tags', tags.length, MAX_TAGS);
    refuseMore('attributes', Object.keys(attributes).length, MAX_ATTRIBUTES);
    const name = change.name === undefined ? before.name : change.name;
    const after = await tx
      .update(devices)
      .set({ name, tags, attributes })
      .where(eq(devices.id, id))
      .returning();
    await recordAudit(tx, { actor, action: 'device.change', subject: id, details: { ...change } });
    return toDevice(found(after, 'device', id));
  });

const merged = (
  before: Readonly<Record<string, AttributeValue>>,
  change: Readonly<Record<string, AttributeValue | null>>,
): Record<string, AttributeValue> => {
  const attributes = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(change)) {
    if (value === null) attributes.delete(key);
    else attributes.set(key, value);
  }
  return Object.fromEntries(attributes);
};

const refuseMore = (what: string, found: number, most: number): void => {
  if (found <= most) return;
  throw new SlipwayError(
    'REQUEST_INVALID',
    `Expected at most ${most} ${what} on a device, found ${found}. Remove some.`,
    { details: { expected: most, found } },
  );
};
