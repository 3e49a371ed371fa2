import { z } from 'zod';
import { EmergencyStop } from './emergency-stop.ts';

/** Room for the artifact store. `low`: builds are refused, all else goes on. */
export const StoreSpace = z.object({
  state: z.enum(['ok', 'low']),
  freeBytes: z.int(),
  totalBytes: z.int(),
  minFreeBytes: z.int(),
});
export type StoreSpace = z.infer<typeof StoreSpace>;

export const QueueCounts = z.object({
  name: z.string(),
  waiting: z.int(),
  active: z.int(),
  delayed: z.int(),
  failed: z.int(),
});
export type QueueCounts = z.infer<typeof QueueCounts>;

/** How the server is, on one page. */
export const ServerStatus = z.object({
  /** degraded: there are problems, and something is not done because of them */
  state: z.enum(['ok', 'degraded']),
  problems: z.array(z.string()),
  /** nothing is amiss yet: certificates in use that end soon, see `KEY_WARNING_DAYS` */
  warnings: z.array(z.string()),
  version: z.string(),
  startedAt: z.iso.datetime(),
  stop: EmergencyStop,
  /** engine and version */
  database: z.string(),
  store: StoreSpace,
  queues: z.array(QueueCounts),
  /** that live, and builds that are not over */
  workers: z.int(),
  builds: z.int(),
  /** the same of qualifications; of these at most 500 are counted */
  qualifiers: z.int(),
  qualifications: z.int(),
  /** that run */
  rollouts: z.int(),
  devices: z.object({ total: z.int(), online: z.int() }),
});
export type ServerStatus = z.infer<typeof ServerStatus>;
