import { codeOf, ERRORS, messageOf } from '@slipway/protocol';
import { pino } from 'pino';
import { parseSignerConfig } from './config.ts';
import { startSigner } from './start.ts';

try {
  const logger = pino({ name: 'signer', level: process.env['LOG_LEVEL'] ?? 'info' });
  const signer = await startSigner(parseSignerConfig(process.env), logger);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void signer.close());
} catch (error) {
  process.stderr.write(`${codeOf(error)}: ${messageOf(error)}\n`);
  process.exit(ERRORS[codeOf(error)].exit);
}
