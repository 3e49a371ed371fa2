import { describe, expect, test } from 'vitest';
import { codeOf } from '@slipway/protocol';
import { parseOptions } from './options.ts';

const codeFrom = (args: readonly string[], env: NodeJS.ProcessEnv = {}): string => {
  try {
    parseOptions(args, env);
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
};

describe('parseOptions', () => {
  test('a flag goes before the environment, the environment before the default', () => {
    expect(parseOptions(['--data', 'x'], { SLIPWAY_DATA: 'y' }).start.dataDir).toBe('x');
    expect(parseOptions([], { SLIPWAY_DATA: 'y' }).start.dataDir).toBe('y');
    expect(parseOptions([], {}).start.dataDir).toMatch(/\.slipway\/local$/);
  });

  test('ports, host and given servers are passed on', () => {
    const { start } = parseOptions(['--api-port', '8080', '--device-host', 'slipway.test'], {
      SLIPWAY_MQTT_PORT: '8883',
      REDIS_URL: 'redis://localhost',
      DATABASE_URL: 'postgres://localhost/x',
    });
    expect(start).toMatchObject({
      ports: { api: 8080, mqtt: 8883 },
      deviceHost: 'slipway.test',
      redisUrl: 'redis://localhost',
      databaseUrl: 'postgres://localhost/x',
      allowUnisolated: false,
    });
  });

  test('there is no listener for simulated devices unless it is asked for', () => {
    expect(parseOptions([], { SLIPWAY_SIM_LISTENER: '1883' }).start.simListener).toBeUndefined();
    expect(parseOptions(['--sim-listener', '1883'], {}).start.simListener).toBe(1883);
  });

  test('only the exact word lets it run without isolation', () => {
    expect(parseOptions([], { SLIPWAY_ALLOW_UNISOLATED: '1' }).start.allowUnisolated).toBe(true);
    expect(parseOptions([], { SLIPWAY_ALLOW_UNISOLATED: 'no' }).start.allowUnisolated).toBe(false);
  });

  test.each([
    [['--port', '1']],
    [['x']],
    [['--api-port', '0']],
    [['--api-port', 'x']],
    [['--device-host', 'a b']],
    [['--sim-listener', '0']],
  ])('refuses %j', (args) => {
    expect(codeFrom(args)).toBe('USAGE');
  });
});
