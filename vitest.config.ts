import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const roots = ['packages', 'services', 'infra']
  .map((folder) => `${folder}/*/src`)
  .concat('device-agent/src', 'test');
const files = (kind: string) => roots.map((root) => `${root}/**/*.${kind}.ts`);

/** By how long they take: what is among them comes first, so that the end does not wait for one of them alone. */
const LONGEST = [
  'chain.sys',
  'power.sys',
  'bad-slot.sys',
  'offline.int',
  'agent.int',
  'generated-requests.int',
  'cli.int',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.ts`));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

/**
 * Four heights: `unit` (*.test.ts: no process, no network), `integration` (*.int.ts: real Redis, mosquitto, database,
 * openssl, build tools), `system` (*.sys.ts: QEMU boots our images), `browser` (*.web.ts: Chromium shows the dashboard of a
 * whole server). Limits of time are for what hangs, on a machine that is
 * busy with all of them at once.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // Loading everything anew for each file costs as much as the tests (2.6 CPU-s for one of packages/fleet against a
      // database). Nothing of one file reaches another: each has servers, databases and folders of its own.
      {
        test: {
          name: 'unit',
          include: files('test'),
          testTimeout: 120_000,
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: files('int'),
          testTimeout: 600_000,
          hookTimeout: 600_000,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'system',
          include: files('sys'),
          testTimeout: 2_400_000,
          hookTimeout: 2_400_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'browser',
          include: files('web'),
          testTimeout: 180_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
          expect: { poll: { timeout: 45_000 } },
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
