import { setPriority } from 'node:os';
import { codeOf, ERRORS, messageOf } from '@slipway/protocol';
import { pino } from 'pino';
import { parseQualifierConfig } from './config.ts';
import { startQualifier } from './start.ts';

/** Whatever it starts is as patient: a virtual device uses all that there is of a processor. */
const PATIENT = 10;

try {
  setPriority(PATIENT);
  const logger = pino({ name: 'qualifier', level: process.env['LOG_LEVEL'] ?? 'info' });
  const qualifier = await startQualifier(parseQualifierConfig(process.env), logger);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void qualifier.close().then(() => process.exit(0)));
} catch (error) {
  process.stderr.write(`${codeOf(error)}: ${messageOf(error)}\n`);
  process.exit(ERRORS[codeOf(error)].exit);
}
