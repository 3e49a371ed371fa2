import {
  buildQueue,
  parseBuildQueue,
  type Build,
  type BuildQueueState,
  type BuildWorker,
} from '@slipway/protocol';
import type { BuildLanes } from './build-lanes.ts';

/** Queues in which something waits or is built, and one for each architecture that a worker takes. */
export const queueStates = async (
  lanes: Pick<BuildLanes, 'order'>,
  workers: readonly BuildWorker[],
  unfinished: readonly Build[],
): Promise<BuildQueueState[]> => {
  const names = new Set([
    ...unfinished.flatMap(({ queue }) => queue ?? []),
    ...workers.flatMap(({ arches }) => arches.map((arch) => buildQueue(arch, []))),
  ]);
  return Promise.all(
    [...names].sort().flatMap((name) => {
      const parsed = parseBuildQueue(name);
      return parsed === undefined ? [] : [stateOf(name, parsed)];
    }),
  );

  async function stateOf(
    name: string,
    { arch, needs }: NonNullable<ReturnType<typeof parseBuildQueue>>,
  ): Promise<BuildQueueState> {
    const takers = workers.filter(
      (worker) => worker.arches.includes(arch) && needs.every((need) => worker.capabilities.includes(need)),
    );
    // A job may be there of a build that was cancelled meanwhile.
    const live = new Map(unfinished.map(({ id, state }) => [id, state]));
    const { waiting, delayed } = await lanes.order(name);
    return {
      name,
      arch,
      needs: [...needs],
      workers: takers.length,
      capacity: takers.reduce((sum, { concurrency }) => sum + concurrency, 0),
      building: unfinished
        .filter(({ queue, state }) => queue === name && state === 'building')
        .map(({ id }) => id),
      waiting: waiting.filter((id) => live.get(id) === 'queued'),
      delayed: delayed.filter((id) => live.has(id)),
    };
  }
};
