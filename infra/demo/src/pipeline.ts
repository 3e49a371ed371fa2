import { type Client, createClient } from '@slipway/client';
import {
  type Build,
  type ClassName,
  type DeviceId,
  type Execution,
  type Release,
  type Rollout,
  SlipwayError,
  isErrorCode,
  isTerminal,
} from '@slipway/protocol';
import type { LiveView } from './live-view.ts';
import type { Report } from './report.ts';

const MINUTES = 60_000;

/** The chain as an operator drives it through the API, each call returning once the server says it is done. */
export type Pipeline = {
  readonly client: Client;
  /** @throws {SlipwayError} with the code that the build ended with */
  readonly build: (deviceClass: ClassName, version: string) => Promise<{ build: Build; release: Release }>;
  readonly publish: (release: Release) => Promise<Release>;
  readonly online: (device: DeviceId) => Promise<void>;
  /** @returns the rollout and the one execution of the device, both ended */
  readonly rollOut: (
    release: Release,
    device: DeviceId,
  ) => Promise<{ rollout: Rollout; execution: Execution }>;
  readonly startRollout: (release: Release, device: DeviceId) => Promise<Rollout>;
  readonly executionOf: (rollout: Rollout, device: DeviceId) => Promise<Execution | undefined>;
  readonly ended: (rollout: Rollout, device: DeviceId) => Promise<{ rollout: Rollout; execution: Execution }>;
};

export const createPipeline = (
  connection: Parameters<typeof createClient>[0],
  live: LiveView,
  report: Report,
  /** for a build or a rollout to end */
  patienceMs = 30 * MINUTES,
): Pipeline => {
  const client = createClient(connection);

  const executionOf = async (rollout: Rollout, device: DeviceId): Promise<Execution | undefined> =>
    (await client.rollouts.listExecutions(rollout.id).all()).find((execution) => execution.device === device);

  const ended: Pipeline['ended'] = async (rollout, device) => {
    const done = await live.until(
      `rollout ${rollout.id} to end`,
      patienceMs,
      async () => ({
        rollout: await client.rollouts.get(rollout.id),
        execution: await executionOf(rollout, device),
      }),
      (state) =>
        state.rollout.state !== 'running' &&
        state.execution !== undefined &&
        isTerminal(state.execution.state),
    );
    if (done.execution === undefined) throw new Error(`rollout ${rollout.id} has no execution for ${device}`);
    return { rollout: done.rollout, execution: done.execution };
  };

  const startRollout: Pipeline['startRollout'] = (release, device) =>
    client.rollouts.create({ release: release.id, devices: [device] });

  return {
    client,
    build: async (deviceClass, version) => {
      const { id } = await client.builds.create({ deviceClass, version });
      let step = '';
      const build = await live.until(
        `build ${id}`,
        patienceMs,
        () => client.builds.get(id),
        (state) => {
          if (state.step !== step && state.step !== '')
            report(deviceClass, `build ${version}: ${state.step}`);
          step = state.step;
          return state.state === 'succeeded' || state.state === 'failed';
        },
      );
      if (build.state === 'failed') {
        throw new SlipwayError(
          isErrorCode(build.code) ? build.code : 'BUILD_FAILED',
          `${deviceClass} ${version}: ${build.message ?? 'no message'}`,
        );
      }
      return { build, release: await client.releases.get(build.release) };
    },
    publish: async (release) => {
      // It may be in a virtual device at the moment.
      await live.until(
        `release ${release.version} to have proven itself`,
        30 * MINUTES,
        () => client.releases.get(release.id),
        ({ qualification }) => qualification !== 'pending' && qualification !== 'running',
      );
      return client.releases.publish(release.id);
    },
    online: async (device) => {
      await live.until(
        `${device} to be online`,
        5 * MINUTES,
        async () => (await client.devices.list().all()).find((known) => known.id === device),
        (known) => known?.online === true,
      );
    },
    startRollout,
    executionOf,
    ended,
    rollOut: async (release, device) => ended(await startRollout(release, device), device),
  };
};
