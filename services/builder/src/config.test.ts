import { codeOf, messageOf } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseBuilderConfig } from './config.ts';

const ENVIRONMENT = {
  SLIPWAY_STORE: '/s',
  SLIPWAY_CACHE: '/c',
  SLIPWAY_IMAGES: '/i',
  SLIPWAY_AGENT_BUNDLES: '/a',
  REDIS_URL: 'unix:///r.sock',
};

test('two builds run at once unless told otherwise', () => {
  expect(parseBuilderConfig(ENVIRONMENT)).toMatchObject({ concurrency: 2, stalledMs: 15_000 });
  expect(parseBuilderConfig({ ...ENVIRONMENT, SLIPWAY_CONCURRENCY: '5' })).toMatchObject({ concurrency: 5 });
});

test('every setting that is missing or wrong is named at once', () => {
  let error: unknown;
  try {
    parseBuilderConfig({ REDIS_URL: 'unix:///r.sock', SLIPWAY_CONCURRENCY: '0' });
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe('CONFIG_INVALID');
  for (const name of [
    'SLIPWAY_STORE',
    'SLIPWAY_CACHE',
    'SLIPWAY_IMAGES',
    'SLIPWAY_AGENT_BUNDLES',
    'SLIPWAY_CONCURRENCY',
  ])
    expect(messageOf(error)).toContain(name);
});
