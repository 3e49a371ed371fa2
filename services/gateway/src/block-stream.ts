import { bundleFor, type Database } from '@slipway/fleet';
import {
  codeOf,
  deviceTopic,
  messageOf,
  SlipwayError,
  StreamGet,
  type DeviceId,
  type TenantId,
} from '@slipway/protocol';
import type { Logger } from 'pino';
import type { BundleFiles } from './bundle-files.ts';
import type { Channel } from './channel.ts';
import { createTurns } from './turns.ts';

/** Bundles in blocks, as devices ask for them. The server remembers nothing of a transfer. */
export type BlockStream = {
  readonly answer: (device: DeviceId, request: unknown) => Promise<void>;
  /** what the device may read has changed */
  readonly forget: (device: DeviceId) => void;
  /** whether an emergency stop is in force: then nothing is given out, and nobody has to be asked */
  readonly halt: (stopped: boolean) => void;
};

type Needs = {
  readonly db: Database;
  readonly logger: Logger;
  readonly tenant: TenantId;
  readonly files: BundleFiles;
  readonly publish: Channel['publish'];
};

type Grant = Awaited<ReturnType<typeof bundleFor>>;

// Another gateway may change what a device may read without a word to this one.
const GRANT_MS = 10_000;
const GRANTS_AT_ONCE = 2;

export const createBlockStream = ({ db, logger, tenant, files, publish }: Needs): BlockStream => {
  const grants = new Map<DeviceId, { readonly grant: Grant; readonly until: number }>();
  /** what was asked of the database before something was forgotten may be what is to be forgotten */
  let forgotten = 0;
  let halted = false;
  const turns = createTurns(GRANTS_AT_ONCE);

  const grantOf = async (device: DeviceId): Promise<Grant> => {
    const known = grants.get(device);
    if (known !== undefined && known.until > Date.now()) return known.grant;
    const before = forgotten;
    const grant = await turns(async () => (halted ? undefined : bundleFor(db, device)));
    if (forgotten === before) grants.set(device, { grant, until: Date.now() + GRANT_MS });
    return grant;
  };

  /** @throws {SlipwayError} FORBIDDEN, REQUEST_INVALID, NOT_FOUND */
  const read = async (device: DeviceId, request: StreamGet): Promise<Buffer> => {
    const grant = halted ? undefined : await grantOf(device);
    if (halted || grant === undefined || grant.digest !== request.bundle) {
      throw new SlipwayError('FORBIDDEN', `No execution of the device asks for ${request.bundle} now.`);
    }
    if (request.offset >= grant.size) {
      throw new SlipwayError(
        'REQUEST_INVALID',
        `Offset ${request.offset} lies behind the ${grant.size} bytes.`,
      );
    }
    return files.read(grant.release, grant.size, request.offset, request.length);
  };

  return {
    answer: async (device, request) => {
      const parsed = StreamGet.safeParse(request);
      if (!parsed.success) {
        logger.warn({ code: 'MESSAGE_INVALID', device, kind: 'stream/get' }, 'message refused');
        return;
      }
      const topic = deviceTopic(tenant, device, 'stream/blk');
      const correlationData = Buffer.from(String(parsed.data.id));
      try {
        const block = await read(device, parsed.data);
        await publish(topic, block, { qos: 0, properties: { correlationData } });
      } catch (error) {
        const code = codeOf(error);
        logger.warn({ device, code, why: messageOf(error) }, 'block refused');
        await publish(topic, '', { qos: 0, properties: { correlationData, userProperties: { code } } });
      }
    },
    forget: (device) => {
      forgotten += 1;
      grants.delete(device);
    },
    halt: (stopped) => {
      halted = stopped;
      forgotten += 1;
      grants.clear();
    },
  };
};
