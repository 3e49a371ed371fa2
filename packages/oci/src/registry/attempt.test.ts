import { codeOf, SlipwayError } from '@slipway/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { attempt, TryAgain, type AttemptOptions } from './attempt.ts';
import { DEFAULT_RETRY } from './retry.ts';

let waits: number[];
let tries: number;
beforeEach(() => {
  waits = [];
  tries = 0;
});
const options = (more: Partial<AttemptOptions> = {}): AttemptOptions => ({
  retry: { ...DEFAULT_RETRY, wait: async (ms) => void waits.push(ms) },
  attempts: 3,
  ref: 'ref',
  host: 'host',
  signal: undefined,
  log: () => {},
  ...more,
});
/** What comes out when every try ends in one error. */
const failing = async (wrong: Error, more?: Partial<AttemptOptions>): Promise<unknown> => {
  try {
    return await attempt(options(more), async () => {
      tries++;
      throw wrong;
    });
  } catch (caught) {
    return caught;
  }
};
const coded = (code: string, cause?: Error): Error => Object.assign(new Error(code, { cause }), { code });
const busy = new TryAgain(new SlipwayError('REGISTRY_RATE_LIMITED', 'busy'), 50);

describe('tries again', () => {
  test.each([
    coded('ECONNRESET'),
    coded('UND_ERR_SOCKET'),
    new TypeError('failed', { cause: coded('EPIPE') }),
  ])('after %s, as often as allowed', async (error) => {
    expect(codeOf(await failing(error))).toBe('REGISTRY_UNREACHABLE');
    expect([tries, waits.length]).toEqual([3, 2]);
  });
  test('when the server says', async () => {
    expect(codeOf(await failing(busy))).toBe('REGISTRY_RATE_LIMITED');
    expect(waits).toEqual([50, 50]);
  });
  test('as long as something comes, but not for ever', async () => {
    let bytes = 0;
    await failing(coded('ECONNRESET'), { progress: () => bytes++ });
    expect(tries).toBe(100);
  });
});

describe('gives up at once', () => {
  test.each([
    [coded('ECONNREFUSED'), 'REGISTRY_UNREACHABLE'],
    [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'REGISTRY_UNTRUSTED'],
    [new SlipwayError('COMPONENT_NOT_FOUND', 'gone'), 'COMPONENT_NOT_FOUND'],
  ])('%s', async (error, code) => {
    expect(codeOf(await failing(error))).toBe(code);
    expect([tries, waits]).toEqual([1, []]);
  });
  test('when the disk is full, which is no fault of the registry', async () => {
    const full = coded('ENOSPC');
    expect(await failing(full)).toBe(full);
    expect(tries).toBe(1);
  });
  test('when the build is stopped', async () => {
    const reason = new Error('stopped');
    expect(await failing(busy, { signal: AbortSignal.abort(reason) })).toBe(reason);
    expect(tries).toBe(0);
  });
});
