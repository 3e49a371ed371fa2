import { z } from 'zod';

/** What is wrong with a device as far as its state tells; derived, never stored. */
export const AlarmName = z.enum([
  'offline',
  'unhealthy',
  'degraded',
  'disk_full',
  'hot',
  'certificate_expiring',
  'service_restarting',
]);
export type AlarmName = z.infer<typeof AlarmName>;
