import { recordKeys, type Database, type SeenKey } from '@slipway/fleet';
import { codeOf, type TenantId } from '@slipway/protocol';
import { readCertificates } from '@slipway/signing/certificate-facts';
import type { Logger } from 'pino';
import type { Certificates } from './channel.ts';

/** Keeps record of the certificates by which gateway and broker know each other. It is a record: where it fails, all else goes on. */
export const noteKeys = async (
  db: Database,
  tenant: TenantId,
  { gateway, broker }: Certificates,
  logger: Logger,
): Promise<void> => {
  try {
    const own = gateway === undefined ? [] : readCertificates(gateway).slice(0, 1);
    const seen: SeenKey[] = [
      ...own.map((facts) => ({ purpose: 'gateway-client' as const, ...facts })),
      ...(broker === undefined ? [] : readCertificates(broker)).map((facts) => ({
        purpose: 'broker-server' as const,
        ...facts,
      })),
    ];
    const now = new Date();
    await recordKeys(db, tenant, seen, now, now);
  } catch (error) {
    logger.warn({ code: codeOf(error), err: error }, 'certificates towards the broker were not recorded');
  }
};
