import type { ResourceGates } from '@slipway/protocol';
import type { GateSight } from './gates.ts';

/** What the machine has left; absent where it cannot be told. */
export type Resources = {
  /** bytes */
  readonly memoryAvailable?: number | undefined;
  readonly diskFree?: number | undefined;
  readonly load1?: number | undefined;
  /** degrees Celsius */
  readonly temperature?: number | undefined;
};

const MIB = 1024 * 1024;
const inMib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
const plain = (value: number): string => String(value);

/** One gate per floor or ceiling. What cannot be told fails, but for a temperature: many machines have no sensor. */
export const seeResources = (wanted: ResourceGates, found: Resources): readonly GateSight[] => {
  const see = (
    name: keyof ResourceGates,
    have: number | undefined,
    isWell: (have: number, limit: number) => boolean,
    text: (limit: number, have: string) => string,
    unit: (value: number) => string,
  ): readonly GateSight[] => {
    const limit = wanted[name];
    if (limit === undefined || (name === 'temperature' && have === undefined)) return [];
    const ok = have !== undefined && isWell(have, limit);
    return [{ gate: `resource:${name}`, ok, saw: text(limit, have === undefined ? 'nothing' : unit(have)) }];
  };
  const atLeast = (have: number, limit: number): boolean => have >= limit;
  const atMost = (have: number, limit: number): boolean => have <= limit;
  return [
    ...see(
      'memory',
      found.memoryAvailable,
      atLeast,
      (limit, have) => `expected at least ${inMib(limit)} of memory available, found ${have}`,
      inMib,
    ),
    ...see(
      'disk',
      found.diskFree,
      atLeast,
      (limit, have) => `expected at least ${inMib(limit)} free on /data, found ${have}`,
      inMib,
    ),
    ...see(
      'load',
      found.load1,
      atMost,
      (limit, have) => `expected a load of at most ${limit}, found ${have}`,
      plain,
    ),
    ...see(
      'temperature',
      found.temperature,
      atMost,
      (limit, have) => `expected at most ${limit} °C, found ${have}`,
      plain,
    ),
  ];
};
