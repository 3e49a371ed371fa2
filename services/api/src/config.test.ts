import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, SlipwayError } from '@slipway/protocol';
import { parseApiConfig } from './config.ts';

const docs = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
const files = [
  'ENROL_CERT',
  'ENROL_KEY',
  'DEVICE_CA_CERT',
  'DEVICE_CA_KEY',
  'SERVER_CA',
  'RELEASE_ROOT',
  'ADMIN_TOKEN',
];
const needed = {
  ...Object.fromEntries(files.map((name) => [`SLIPWAY_${name}_FILE`, '/x'])),
  SLIPWAY_ENROL_URL: 'https://enrol.test/v1/enrol',
  SLIPWAY_DEVICE_MQTT_URL: 'mqtts://broker.test:8883',
  SLIPWAY_IMAGES: '/images',
  SLIPWAY_STORE: '/store',
  REDIS_URL: 'redis://127.0.0.1:6379',
};

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

test.each(Object.entries(DEFAULT_LIMITS))(
  'docs/operations.md has the limit %s and what it is unset',
  (name, preset) => {
    const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    const setting = `SLIPWAY_KEEP_${words.replace(/^KEEP_/, '')}`;
    const [row = ''] = docs.split('\n').filter((line) => line.includes(`\`${setting}\``));
    expect(row.split('|')[2]?.trim().split(' ')[0]).toBe(String(preset));
    const given = parseApiConfig({ ...needed, [setting]: '77' });
    expect(given.retention).toEqual({ ...DEFAULT_LIMITS, [name]: 77 });
  },
);
