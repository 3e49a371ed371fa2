import type { Client } from '@slipway/client';
import {
  ClassName,
  DeviceId,
  isOverRollout,
  type Build,
  type ReleaseId,
  type Rollout,
  type RolloutCreate,
  Version,
} from '@slipway/protocol';

const LOOK_MS = 100;
const PATIENCE_MS = 300_000;

/** @throws where it is not so in five minutes */
export const until = async <T>(
  what: string,
  ask: () => Promise<T>,
  isSo: (answer: T) => boolean,
): Promise<T> => {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
};

/** @returns once it is over, however */
export const build = async (client: Client, deviceClass: string, version: string): Promise<Build> => {
  const { id } = await client.builds.create({
    deviceClass: ClassName.parse(deviceClass),
    version: Version.parse(version),
  });
  return until(
    `the build of ${deviceClass} ${version}`,
    () => client.builds.get(id),
    ({ finishedAt }) => finishedAt !== null,
  );
};

/** Builds and publishes. @returns the release */
export const publish = async (client: Client, deviceClass: string, version: string): Promise<ReleaseId> => {
  const { release } = await build(client, deviceClass, version);
  const { id } = await until(
    `the release ${version}`,
    () => client.releases.get(release).catch(() => undefined),
    (found) => found !== undefined,
  ).then((found) => found ?? { id: release });
  await client.releases.publish(id);
  return id;
};

/** @returns once it is over, however */
export const rollOut = async (
  client: Client,
  release: ReleaseId,
  plan: Partial<RolloutCreate> = {},
): Promise<Rollout> => {
  const { id } = await client.rollouts.create({ release, ...plan });
  return until(
    `the rollout ${id}`,
    () => client.rollouts.get(id),
    ({ state }) => isOverRollout(state),
  );
};

export const deviceId = (prefix: string, number: number): DeviceId =>
  DeviceId.parse(`${prefix}${String(number).padStart(3, '0')}`);
