import { SlipwayError } from '@slipway/protocol';
import type { JsonObject } from './go-json.ts';

/** What the kernel calls no limit: all bits of 64, more than a double holds. */
const UNLIMITED = 18_446_744_073_709_551_615n;

/**
 * `name,soft,hard` as the runtime takes it; a limit that is given once is both.
 *
 * @throws {SlipwayError} SPEC_INVALID
 */
export const specLimit = (text: string, where: string): JsonObject => {
  const [name = '', soft = '', hard = soft, ...more] = text.split(',').map((part) => part.trim());
  const number = (value: string): bigint => {
    const isNumber = /^\d+$/.test(value);
    const found = value.toLowerCase() === 'unlimited' ? UNLIMITED : isNumber ? BigInt(value) : undefined;
    if (found === undefined || found > UNLIMITED || more.length > 0)
      throw new SlipwayError(
        'SPEC_INVALID',
        `${where}: expected a limit such as nofile,1024,4096 or memlock,unlimited,unlimited, found ${JSON.stringify(text)}`,
        { details: { key: where, found: text } },
      );
    return found;
  };
  const upper = name.toUpperCase();
  return {
    type: upper.startsWith('RLIMIT_') ? upper : `RLIMIT_${upper}`,
    hard: number(hard),
    soft: number(soft),
  };
};
