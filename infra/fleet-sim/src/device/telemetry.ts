import type { Telemetry } from '@slipway/protocol';

const GIBIBYTE = 1024 ** 3;

/** As an ordinary small machine that has little to do. */
export const telemetryOf = (bootId: string, uptime: number, reconnects: number): Telemetry => ({
  v: 1,
  bootId,
  uptime,
  health: 'ok',
  services: [],
  memoryAvailable: GIBIBYTE / 2,
  memoryTotal: GIBIBYTE,
  load1: 0.1,
  cpuBusy: 0.05,
  diskFree: GIBIBYTE,
  diskTotal: 2 * GIBIBYTE,
  restarts: 0,
  bootTime: 5,
  link: { kind: 'ethernet', interface: 'eth0', metered: false, reconnects },
  failing: [],
});
