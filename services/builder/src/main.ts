import { codeOf, ERRORS, messageOf } from '@slipway/protocol';
import { pino } from 'pino';
import { parseBuilderConfig } from './config.ts';
import { startBuilder } from './start.ts';

try {
  const logger = pino({ name: 'builder', level: process.env['LOG_LEVEL'] ?? 'info' });
  const builder = await startBuilder(parseBuilderConfig(process.env), logger);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void builder.close());
} catch (error) {
  process.stderr.write(`${codeOf(error)}: ${messageOf(error)}\n`);
  process.exit(ERRORS[codeOf(error)].exit);
}
