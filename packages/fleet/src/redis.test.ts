import { expect, test } from 'vitest';
import { codeOf } from '@slipway/protocol';
import { redisOptions } from './redis.ts';

const base = { maxRetriesPerRequest: null, db: 0 };

test.each([
  ['unix:///run/slipway/redis.sock', { ...base, path: '/run/slipway/redis.sock' }],
  ['unix:///with%20space?db=3', { ...base, path: '/with space', db: 3 }],
  ['redis://127.0.0.1', { ...base, host: '127.0.0.1', port: 6379 }],
  ['redis://u:p%40@h:7000/2', { ...base, host: 'h', port: 7000, db: 2, username: 'u', password: 'p@' }],
  ['rediss://h', { ...base, host: 'h', port: 6379, tls: { rejectUnauthorized: true } }],
])('%s', (url, options) => {
  expect(redisOptions(url)).toEqual(options);
});

test.each(['', 'http://h', '/run/redis.sock'])('%j is refused', (url) => {
  let error: unknown;
  try {
    redisOptions(url);
  } catch (thrown) {
    error = thrown;
  }
  expect(codeOf(error)).toBe('CONFIG_INVALID');
});
