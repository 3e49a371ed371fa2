import { expect, test } from 'vitest';
import { SlipwayError } from '@slipway/protocol';
import { parseApiConfig } from './config.ts';

test('every setting that is missing or wrong is named at once', () => {
  let error: unknown;
  try {
    parseApiConfig({ SLIPWAY_API_PORT: '70000', SLIPWAY_ENROL_URL: 'nowhere' });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SlipwayError);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  for (const name of ['SLIPWAY_API_PORT', 'SLIPWAY_ENROL_URL', 'SLIPWAY_STORE', 'REDIS_URL']) {
    expect(error).toMatchObject({ message: expect.stringContaining(name) });
  }
});
