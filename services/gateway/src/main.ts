import { Redis } from 'ioredis';
import { openDatabase, redisOptions, relayEvents } from '@slipway/fleet';
import { codeOf, ERRORS, messageOf } from '@slipway/protocol';
import { pino } from 'pino';
import { parseGatewayConfig, parseProcessConfig } from './config.ts';
import { startGateway } from './start.ts';

/** The gateway as a process of its own, on PostgreSQL. */
const main = async (): Promise<void> => {
  const config = parseGatewayConfig(process.env);
  const { databaseUrl, logLevel } = parseProcessConfig(process.env);
  const logger = pino({ name: 'gateway', level: logLevel });
  const database = await openDatabase({ url: databaseUrl });
  logger.info({ engine: database.engine }, 'database is open');
  const events = await relayEvents(() => new Redis(redisOptions(config.redisUrl)));
  const gateway = await startGateway({ config, db: database.db, events, logger });
  const stop = async (): Promise<void> => {
    await gateway.close();
    await events.close();
    await database.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
};

try {
  await main();
} catch (error) {
  process.stderr.write(`${codeOf(error)}: ${messageOf(error)}\n`);
  process.exit(ERRORS[codeOf(error)].exit);
}
