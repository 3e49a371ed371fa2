import { expect, test } from 'vitest';
import { figuresOf } from './figures.ts';
import type { FleetBench, Phase } from './result.ts';

const phase = (share: number, machineIdle = 0.5): Phase => ({
  seconds: 10,
  cpuSeconds: { gateway: share * 10, api: 0, broker: 0, database: 0, redis: 0 },
  simulatorCpuSeconds: 1,
  busiest: { name: 'gateway', share },
  machineIdle,
});
const size = (devices: number, share: number, machineIdle?: number): FleetBench['sizes'][number] => ({
  devices,
  connectSeconds: 1,
  phase: phase(share, machineIdle),
  memoryBytes: { gateway: 2e8, api: 0, broker: 1e8, database: 3e8, redis: 0 },
});
const measured: Omit<FleetBench, 'figures'> = {
  v: 1,
  bench: 'fleet',
  at: '2026-11-26T00:00:00.000Z',
  database: 'PostgreSQL',
  processors: 2,
  devices: 15_000,
  gateways: 1,
  mutualTls: 2000,
  sizes: [size(1000, 0.1), size(10_000, 0.8), size(15_000, 1, 0.05)],
  rollout: {
    devices: 10_000,
    offeredSeconds: 9,
    settledSeconds: 100,
    mostInFlight: 10_000,
    doubleInstalls: 0,
    phase: phase(0.5),
  },
  thresholds: { failureThreshold: 20, maxInFlight: 40, failed: 25, mostInFlight: 41, offersAfter: 0 },
  restart: { seconds: 60, mostInASecond: 500, phase: phase(0.5) },
};
const named = (name: string, over: Partial<typeof measured> = {}) =>
  figuresOf({ ...measured, ...over }).find((figure) => figure.name === name);

test('a size at which the machine was full is told, with the largest one at which it was not', () => {
  expect(named('devices connected and reporting')).toMatchObject({
    value: 15_000,
    isMet: true,
    note: 'largest size at which nothing was full: 10000',
  });
});

test('what is beyond a limit is missed, what is at it is met', () => {
  expect(named('in flight beyond the limit')).toMatchObject({ value: 1, isMet: false, note: '41 of 40' });
  const rollout = { ...measured.rollout, offeredSeconds: 10 };
  expect(named('rollout to 10000 offered', { rollout })).toMatchObject({ value: 10, isMet: true });
});

test('a report that was acknowledged and is not in the database is told', () => {
  const reports = {
    perSecond: 2999,
    acknowledged: 100,
    inDatabase: 99,
    milliseconds: { p50: 1, p99: 2 },
    phase: phase(0.95),
  };
  expect(named('acknowledged but not in the database', { reports })).toMatchObject({
    value: 1,
    isMet: false,
  });
  expect(named('reports recorded and acknowledged', { reports })).toMatchObject({
    isMet: false,
    note: 'half within 1 ms; gateway at 95 % of a processor was full',
  });
});

test('a device of the full fleet costs what one of the smallest costs', () => {
  const sizes = [size(1000, 0.1), size(15_000, 1.5)];
  const figure = named('a device of the full fleet costs, by one of the smallest', { sizes });
  expect(figure?.value).toBeCloseTo(100);
});
