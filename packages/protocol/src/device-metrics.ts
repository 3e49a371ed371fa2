import { z } from 'zod';

/** Metrics of one device over time, by the names that they have in queries. */
export const DEVICE_METRICS = [
  'cpu_busy',
  'memory_used',
  'disk_used',
  'cpu_temp',
  'load',
  'restarts',
  'reconnects',
  'uptime',
] as const;
export const DeviceMetricName = z.enum(DEVICE_METRICS);
export type DeviceMetricName = z.infer<typeof DeviceMetricName>;

/** So often telemetry of a device is kept; after two days one point of an hour is left, the mean. */
export const METRICS_STEP_S = 300;

export const DeviceMetrics = z.object({
  /** seconds that each point stands for, with the mean of what was kept */
  step: z.int(),
  /** seconds since 1970: where each interval begins */
  times: z.array(z.int()),
  metrics: z.array(
    z.object({
      name: DeviceMetricName,
      unit: z.enum(['bytes', 'percent', 'seconds', 'celsius', 'count']),
      meaning: z.string(),
      /** one for each time; null: the device said nothing, or cannot tell */
      values: z.array(z.number().nullable()),
    }),
  ),
});
export type DeviceMetrics = z.infer<typeof DeviceMetrics>;
