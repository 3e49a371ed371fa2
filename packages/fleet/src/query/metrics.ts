import { sql, type SQL } from 'drizzle-orm';
import type { Telemetry } from '@slipway/protocol';
import { devices } from '../schema.ts';

export type Unit = 'bytes' | 'percent' | 'seconds' | 'celsius' | 'count';

type Metric = {
  readonly unit: Unit;
  readonly meaning: string;
  /** @returns undefined where the device cannot tell */
  readonly of: (telemetry: Telemetry) => number | undefined;
  /** the same in the database; NULL where the device cannot tell */
  readonly sql: SQL;
};

const number = (path: string): SQL => sql`(${devices.telemetry} #>> ${sql.raw(`'{${path}}'`)})::float8`;
const usedOf = (free: number | undefined, total: number | undefined): number | undefined =>
  free === undefined || total === undefined || total === 0 ? undefined : ((total - free) * 100) / total;
const used = (free: string, total: string): SQL =>
  sql`((${number(total)} - ${number(free)}) * 100 / nullif(${number(total)}, 0))`;

/** Numbers of the newest telemetry, by the name they have in queries. */
export const METRICS = {
  cpu_temp: {
    unit: 'celsius',
    meaning: 'of the hottest thermal zone',
    of: ({ temperature }) => temperature,
    sql: number('temperature'),
  },
  cpu_busy: {
    unit: 'percent',
    meaning: 'of all processors, over the last half minute',
    of: ({ cpuBusy }) => (cpuBusy === undefined ? undefined : cpuBusy * 100),
    sql: sql`(${number('cpuBusy')} * 100)`,
  },
  load: { unit: 'count', meaning: 'over one minute', of: ({ load1 }) => load1, sql: number('load1') },
  memory_free: {
    unit: 'bytes',
    meaning: 'available to programs',
    of: ({ memoryAvailable }) => memoryAvailable,
    sql: number('memoryAvailable'),
  },
  memory_total: {
    unit: 'bytes',
    meaning: 'of the machine',
    of: ({ memoryTotal }) => memoryTotal,
    sql: number('memoryTotal'),
  },
  memory_used: {
    unit: 'percent',
    meaning: 'of `memory_total`',
    of: ({ memoryAvailable, memoryTotal }) => usedOf(memoryAvailable, memoryTotal),
    sql: used('memoryAvailable', 'memoryTotal'),
  },
  disk_free: {
    unit: 'bytes',
    meaning: 'in the file system of `/data`',
    of: ({ diskFree }) => diskFree,
    sql: number('diskFree'),
  },
  disk_total: {
    unit: 'bytes',
    meaning: 'of the file system of `/data`',
    of: ({ diskTotal }) => diskTotal,
    sql: number('diskTotal'),
  },
  disk_used: {
    unit: 'percent',
    meaning: 'of `disk_total`',
    of: ({ diskFree, diskTotal }) => usedOf(diskFree, diskTotal),
    sql: used('diskFree', 'diskTotal'),
  },
  restarts: {
    unit: 'count',
    meaning: 'starts of services beyond the first, in all',
    of: ({ restarts }) => restarts,
    sql: number('restarts'),
  },
  failing: {
    unit: 'count',
    meaning: 'gates of the health check that do not hold',
    of: ({ failing }) => failing?.length,
    sql: sql`jsonb_array_length(${devices.telemetry} -> 'failing')::float8`,
  },
  boot_time: {
    unit: 'seconds',
    meaning: 'from the start of the kernel until the agent ran',
    of: ({ bootTime }) => bootTime,
    sql: number('bootTime'),
  },
  uptime: { unit: 'seconds', meaning: 'since boot', of: ({ uptime }) => uptime, sql: number('uptime') },
  reconnects: {
    unit: 'count',
    meaning: 'connections to the broker since the agent started, but the first',
    of: ({ link }) => link?.reconnects,
    sql: number('link,reconnects'),
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

export const isMetricName = (name: string): name is MetricName => Object.hasOwn(METRICS, name);
export const metric = (name: MetricName): Metric => METRICS[name];
