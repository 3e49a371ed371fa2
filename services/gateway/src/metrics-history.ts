import { recordMetrics, type Database, type MetricsPoint } from '@slipway/fleet';
import { METRICS_STEP_S, type DeviceId } from '@slipway/protocol';
import type { Logger } from 'pino';
import { createBatches } from './batches.ts';

/** Keeps some of the telemetry of each device, for plots over time. What is lost is lost, as telemetry is. */
export type MetricsHistory = {
  readonly add: (point: MetricsPoint) => void;
  readonly close: () => Promise<void>;
};

const STEP_MS = METRICS_STEP_S * 1000;
const MAX_BATCH = 500;
const GATHER_MS = 5000;
const MAX_OF_DEVICE = 4;

/** Somewhere within an interval, for each device at another place: thousands that come at once would be written at once. */
export const phaseOf = (device: string): number => {
  let hash = 0;
  for (let at = 0; at < device.length; at++) hash = (Math.imul(hash, 31) + device.charCodeAt(at)) >>> 0;
  return hash % STEP_MS;
};

/** The interval of a device that a time is in. */
export const intervalOf = (device: string, at: Date): number =>
  Math.floor((at.getTime() + phaseOf(device)) / STEP_MS);

export const createMetricsHistory = (db: Database, logger: Logger): MetricsHistory => {
  const last = new Map<DeviceId, number>();
  const batches = createBatches<MetricsPoint>(
    async (points) => {
      try {
        await recordMetrics(db, points);
      } catch (error) {
        logger.warn({ err: error, points: points.length }, 'metrics of devices were not kept');
      }
    },
    {
      maxItems: MAX_BATCH,
      gatherMs: GATHER_MS,
      keyOf: ({ device }) => device,
      maxOfKey: MAX_OF_DEVICE,
    },
  );
  return {
    add: (point) => {
      const interval = intervalOf(point.device, point.at);
      if (last.get(point.device) === interval) return;
      last.set(point.device, interval);
      batches.add(point);
    },
    close: () => batches.idle(),
  };
};
