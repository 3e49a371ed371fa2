import { expect, test } from 'vitest';
import { codeOf } from '@slipway/protocol';
import { parseQualifierConfig } from './config.ts';

const environment = {
  SLIPWAY_STORE: '/store',
  SLIPWAY_QUALIFIER_WORK: '/work',
  SLIPWAY_QUALIFIER_CERT_FILE: '/keys/server.pem',
  SLIPWAY_QUALIFIER_KEY_FILE: '/keys/server.key.pem',
  SLIPWAY_SERVER_CA_FILE: '/keys/ca.pem',
  REDIS_URL: 'redis://127.0.0.1:6379',
};

test('settings that are left out have a value that works', () => {
  expect(parseQualifierConfig(environment)).toMatchObject({
    storeDir: '/store',
    memoryMb: 1024,
    stepSeconds: 2700,
    secureBootDir: undefined,
    profilesDir: undefined,
  });
});

test('two of one name are two', () => {
  const [one, two] = [0, 1].map(() =>
    parseQualifierConfig({ ...environment, SLIPWAY_QUALIFIER_NAME: 'lab' }),
  );
  expect(one?.worker).toMatch(/^lab-/);
  expect(one?.worker).not.toBe(two?.worker);
});

test.each(['SLIPWAY_STORE', 'SLIPWAY_QUALIFIER_KEY_FILE', 'SLIPWAY_SERVER_CA_FILE'])(
  '%s has to be set',
  (name) => {
    let code = 'none';
    try {
      parseQualifierConfig({ ...environment, [name]: undefined });
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('CONFIG_INVALID');
  },
);
