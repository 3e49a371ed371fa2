import type { Container, Resources } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { omitEmpty, type Json, type JsonObject } from './go-json.ts';

/** Members that are there even if they hold nothing: Go's pointers. */
const ifGiven = <T>(key: string, value: T | undefined, json: (value: T) => Json): JsonObject =>
  value === undefined ? {} : { [key]: json(value) };

const blockIo = (io: NonNullable<Resources['blockio']>): JsonObject => {
  const throttle = (list: typeof io.throttleReadBpsDevice) =>
    list?.map(({ major = 0, minor = 0, rate = 0 }) => ({ major, minor, rate }));
  return omitEmpty({
    weight: io.weight,
    leafWeight: io.leafWeight,
    weightDevice: io.weightDevice?.map(({ major = 0, minor = 0, weight, leafWeight }) => ({
      major,
      minor,
      ...omitEmpty({ weight, leafWeight }),
    })),
    throttleReadBpsDevice: throttle(io.throttleReadBpsDevice),
    throttleWriteBpsDevice: throttle(io.throttleWriteBpsDevice),
    throttleReadIOPSDevice: throttle(io.throttleReadIOPSDevice),
    throttleWriteIOPSDevice: throttle(io.throttleWriteIOPSDevice),
  });
};

const memory = (memory: NonNullable<Resources['memory']>): JsonObject => ({
  ...omitEmpty({
    limit: memory.limit,
    reservation: memory.reservation,
    swap: memory.swap,
    kernel: memory.kernel,
    kernelTCP: memory.kernelTCP,
    swappiness: memory.swappiness,
  }),
  ...ifGiven('disableOOMKiller', memory.disableOOMKiller, (value) => value),
});

const cpu = (cpu: NonNullable<Resources['cpu']>): JsonObject =>
  omitEmpty({
    shares: cpu.shares,
    quota: cpu.quota,
    period: cpu.period,
    realtimeRuntime: cpu.realtimeRuntime,
    realtimePeriod: cpu.realtimePeriod,
    cpus: cpu.cpus,
    mems: cpu.mems,
  });

type Devices = { readonly nodes: JsonObject[]; readonly rules: JsonObject[] };

/**
 * Device nodes that the runtime makes, each with a rule that allows it. `all` is a rule only.
 *
 * @throws {SlipwayError} SPEC_INVALID
 */
export const specDevices = (container: Container, where: string): Devices => {
  const nodes: JsonObject[] = [];
  const rules: JsonObject[] = [];
  for (const [index, { path, type = '', major = 0, minor = 0, mode }] of (
    container.devices ?? []
  ).entries()) {
    if (path === 'all') {
      rules.push({ allow: true, ...omitEmpty({ type }), access: 'rwm' });
      continue;
    }
    if (mode === undefined || mode === '')
      throw new SlipwayError(
        'SPEC_INVALID',
        `${where}.devices[${index}].mode: expected the mode of the device node ${path}, such as "0660", found none`,
        { details: { key: `${where}.devices[${index}].mode` } },
      );
    nodes.push({ path, type, major, minor, fileMode: Number.parseInt(mode, 8) });
    rules.push({ allow: true, ...omitEmpty({ type }), major, minor, access: 'rwm' });
  }
  return { nodes, rules };
};

/** `linux.resources` of `config.json`, with the rules of devices after those that are written out. */
export const specResources = (
  resources: Container['resources'],
  deviceRules: readonly JsonObject[],
): JsonObject => ({
  ...omitEmpty({
    devices: [
      ...(resources?.devices ?? []).map(({ allow = false, type, major, minor, access }) => ({
        allow,
        ...omitEmpty({ type, major, minor, access }),
      })),
      ...deviceRules,
    ],
  }),
  ...ifGiven('memory', resources?.memory, memory),
  ...ifGiven('cpu', resources?.cpu, cpu),
  ...ifGiven('pids', resources?.pids, ({ limit = 0 }) => ({ limit })),
  ...ifGiven('blockIO', resources?.blockio, blockIo),
  ...omitEmpty({
    hugepageLimits: resources?.hugepageLimits?.map(({ pageSize = '', limit = 0 }) => ({
      pageSize: String(pageSize),
      limit,
    })),
  }),
  ...ifGiven('network', resources?.network, ({ classID, priorities }) =>
    omitEmpty({
      classID,
      priorities: priorities?.map(({ name = '', priority = 0 }) => ({ name, priority })),
    }),
  ),
});
