import { onTestFinished } from 'vitest';
import type { DeviceId, ExecutionState, Status } from '@slipway/protocol';
import type { Database } from '../database.ts';
import { planRollout } from '../store/apply-plan.ts';
import { listExecutions } from '../store/executions.ts';
import { recordStatus } from '../store/record-status.ts';
import { createRollout } from '../store/rollouts.ts';
import { abortRollout } from '../store/steer-rollout.ts';
import { seedOnlineDevice, seedRelease } from './seed.ts';

const bundle = Buffer.from('a bundle');

/** Rollouts of tests, one after the other, each of a release and to devices of its own, which report what they are told to. */
export const rolloutRounds = (db: () => Database) => {
  let count = 0;
  /** with its first offers made; aborted when the test ends */
  const start = async (names: number, limits = { failureThreshold: 1, maxInFlight: 100 }) => {
    count += 1;
    const round = count;
    const devices = await Promise.all(
      Array.from({ length: names }, (_, n) => seedOnlineDevice(db(), `round-${round}-${n}`)),
    );
    const release = await seedRelease(db(), `1.0.${round}`, bundle);
    const rollout = await createRollout(
      db(),
      { release: release.id, devices: devices.map(({ id }) => id), ...limits },
      new Date(),
    );
    await planRollout(db(), rollout.id, new Date());
    onTestFinished(async () => {
      await abortRollout(db(), rollout.id, 'the test ended', new Date()).catch(() => undefined);
    });
    return { rollout: rollout.id, release, devices: devices.map(({ id }) => id) };
  };
  const executionOn = async (device: DeviceId) => {
    const [execution] = await listExecutions(db(), { device, limit: 1, offset: 0 });
    if (execution === undefined) throw new Error('no execution');
    return execution;
  };
  const seqs = new Map<DeviceId, number>();
  const report = async (device: DeviceId, state: ExecutionState, over: Partial<Status> = {}) => {
    const { id, release } = await executionOn(device);
    const seq = (seqs.get(device) ?? 0) + 1;
    seqs.set(device, seq);
    const status = { v: 1, seq, execution: id, release, state, bootId: 'boot-1', slot: 'a' } as const;
    return recordStatus(db(), device, { ...status, ...over }, new Date());
  };
  return { bundle, start, executionOn, report };
};
