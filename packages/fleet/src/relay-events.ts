import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { DEFAULT_TENANT, LiveEvent, type TenantId } from '@slipway/protocol';
import { z } from 'zod';
import { createFleetEvents, type FleetEvents } from './events.ts';

const CHANNEL = 'slipway:events';
const Envelope = z.object({ from: z.string(), event: LiveEvent });

/**
 * Live events between processes, where API and gateway do not share one. What is missed while Redis is
 * away can be read from the API; a `reset` says so.
 *
 * @param connect makes a connection; two are needed, and closed with the relay
 * @param tenant whose events those are that do not say so
 */
export const relayEvents = async (
  connect: () => Redis,
  tenant: TenantId = DEFAULT_TENANT,
): Promise<FleetEvents & { readonly close: () => Promise<void> }> => {
  const local = createFleetEvents(tenant);
  const self = randomUUID();
  // What we say ourselves comes back, and is most of it: it is known by its beginning.
  const own = `{"from":"${self}",`;
  const [writer, reader] = [connect(), connect()];
  reader.on('message', (_channel: string, text: string) => {
    if (text.startsWith(own)) return;
    const parsed = Envelope.safeParse(JSON.parse(text));
    if (parsed.success) local.publish(parsed.data.event);
  });
  await reader.subscribe(CHANNEL);
  // Whoever was away has missed something, and cannot know what.
  reader.on('ready', () => {
    reader.subscribe(CHANNEL).then(
      () => local.publish({ kind: 'reset' }),
      () => undefined,
    );
  });
  return {
    subscribe: local.subscribe,
    publish: (event) => {
      local.publish(event);
      writer
        .publish(CHANNEL, JSON.stringify({ from: self, event: { tenant, ...event } }))
        .catch(() => undefined);
    },
    close: async () => {
      await Promise.allSettled([writer.quit(), reader.quit()]);
    },
  };
};
