import { defineConfig } from 'vitest/config';

const roots = ['packages', 'services', 'infra']
  .map((folder) => `${folder}/*/src`)
  .concat('device-agent/src', 'test');
const files = (kind: string) => roots.map((root) => `${root}/**/*.${kind}.ts`);

/**
 * Three heights: `unit` (*.test.ts: no process, no network), `integration` (*.int.ts: real Redis, mosquitto, database,
 * openssl, build tools), `system` (*.sys.ts: QEMU boots our images).
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: files('test'), testTimeout: 30_000 } },
      {
        test: {
          name: 'integration',
          include: files('int'),
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'system',
          include: files('sys'),
          testTimeout: 900_000,
          hookTimeout: 900_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
