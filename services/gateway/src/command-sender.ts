import { takeCommand, type Database, type FleetEvents } from '@slipway/fleet';
import { CommandJob, CommandId, deviceTopic, type TenantId } from '@slipway/protocol';
import type { Logger } from 'pino';
import type { Channel } from './channel.ts';

type Needs = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly logger: Logger;
  readonly tenant: TenantId;
  readonly publish: Channel['publish'];
};

/**
 * Sends a command that an operator asked for, once: a job that is delivered again finds it sent. Never retained, and the
 * broker forgets it when it expires.
 */
export const createCommandSender =
  ({ db, events, logger, tenant, publish }: Needs): ((job: unknown) => Promise<void>) =>
  async (job) => {
    const id = CommandId.parse(CommandJob.parse(job).commandId);
    const now = new Date();
    const command = await takeCommand(db, id, now);
    if (command === undefined) {
      logger.warn({ command: id }, 'command not sent: it was before, or has expired');
      return;
    }
    const { name, ...parameters } = command.request;
    const expires = Date.parse(command.expiresAt);
    const payload = JSON.stringify({ v: 1, id, expiresAt: Math.floor(expires / 1000), ...parameters });
    await publish(deviceTopic(tenant, command.device, `cmd/${name}`), payload, {
      qos: 1,
      retain: false,
      properties: { messageExpiryInterval: Math.max(1, Math.ceil((expires - now.getTime()) / 1000)) },
    });
    logger.info({ command: id, device: command.device, name }, 'command sent');
    events.publish({ kind: 'command', command });
  };
