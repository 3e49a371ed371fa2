import type { Rollout } from '@slipway/protocol';
import type { Boot } from './evidence.ts';
import type { LiveView } from './live-view.ts';
import type { Pipeline } from './pipeline.ts';
import type { VirtualDevice } from './virtual-device.ts';

const MINUTES = 60_000;

/** What was seen when the plug was pulled in the middle of an install and put back. */
export type PowerCut = {
  /** bytes of the bundle in place when the plug was pulled, as last reported */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** first boot after the cut */
  readonly boot: Boot;
};

/** Waits until a good part of the bundle is in place, pulls the plug, and puts it back. */
export const cutPowerDuringInstall = async (
  pipeline: Pipeline,
  live: LiveView,
  device: VirtualDevice,
  rollout: Rollout,
): Promise<PowerCut> => {
  const execution = await live.until(
    `${device.id} to be in the middle of its install`,
    20 * MINUTES,
    () => pipeline.executionOf(rollout, device.id),
    (state) => state !== undefined && state.bytesTotal > 0 && state.bytesDone > state.bytesTotal / 4,
  );
  if (execution === undefined) throw new Error('the rollout has no execution');
  const seen = device.boots().length;
  await device.pullPlug();
  await device.powerOn();
  const boot = await device.nextBoot(seen, 4 * MINUTES);
  return { bytesDone: execution.bytesDone, bytesTotal: execution.bytesTotal, boot };
};
