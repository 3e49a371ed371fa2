import { z } from 'zod';

const int = (description: string) => z.int().optional().describe(description);
const text = (description: string) => z.string().optional().describe(description);
const major = int('Major number of the device.');
const minor = int('Minor number of the device.');

const throttle = (what: string) =>
  z
    .array(z.strictObject({ major, minor, rate: int(`${what} per second.`) }))
    .optional()
    .describe(`Limits of ${what.toLowerCase()} per second and device.`);

const DeviceRule = z.strictObject({
  allow: z.boolean().optional().describe('Whether the rule allows; otherwise it denies.'),
  type: text('a, b or c: all, block or character devices.'),
  major,
  minor,
  access: text('Any of r, w and m: read, write, mknod.'),
});

const Memory = z.strictObject({
  limit: int('Bytes that may be used.'),
  reservation: int('Bytes it is held to when memory is short.'),
  swap: int('Bytes of memory and swap together; -1 for no limit.'),
  kernel: int('Bytes of kernel memory (cgroup v1).'),
  kernelTCP: int('Bytes of kernel memory for TCP (cgroup v1).'),
  swappiness: z.int().min(0).max(200).optional().describe('How willingly memory is swapped out.'),
  disableOOMKiller: z.boolean().optional().describe('Whether it waits instead of being killed at the limit.'),
});

const Cpu = z.strictObject({
  shares: int('Weight against other containers.'),
  quota: int('Microseconds of each period.'),
  period: int('Microseconds of a period.'),
  realtimeRuntime: int('Microseconds of realtime scheduling of each realtime period.'),
  realtimePeriod: int('Microseconds of a realtime period.'),
  cpus: text('Processors it may use, such as 0-1,3.'),
  mems: text('Memory nodes it may use.'),
});

const BlockIo = z.strictObject({
  weight: int('Weight against other containers, 10 to 1000.'),
  leafWeight: int('The same against its own children.'),
  weightDevice: z
    .array(
      z.strictObject({
        major,
        minor,
        weight: int('Weight on this device.'),
        leafWeight: int('The same against its own children.'),
      }),
    )
    .optional()
    .describe('Weights per device.'),
  throttleReadBpsDevice: throttle('Bytes read'),
  throttleWriteBpsDevice: throttle('Bytes written'),
  throttleReadIOPSDevice: throttle('Reads'),
  throttleWriteIOPSDevice: throttle('Writes'),
});

const HugePages = z.strictObject({
  /** `2MB` as in the OCI specification; LinuxKit asks for a number */
  pageSize: z
    .union([z.string(), z.int()], { error: 'a size such as 2MB' })
    .optional()
    .describe('Such as 2MB.'),
  limit: int('Bytes of such pages.'),
});

const Network = z.strictObject({
  classID: int('Class that packets are marked with.'),
  priorities: z
    .array(z.strictObject({ name: text('Name of the interface.'), priority: int('Its priority.') }))
    .optional()
    .describe('Priorities per network interface.'),
});

/**
 * Resource limits, with the names and units of the OCI runtime specification, where `blockio` is `blockIO`.
 *
 * LinuxKit checks all of these keys but loses those that have a capital letter, for it reads them by another spelling;
 * here they hold.
 */
export const Resources = z
  .strictObject({
    devices: z.array(DeviceRule).optional().describe('Rules of the device cgroup.'),
    memory: Memory.optional().describe('Memory.'),
    cpu: Cpu.optional().describe('Processor time.'),
    pids: z
      .strictObject({ limit: int('How many processes there may be.') })
      .optional()
      .describe('Number of processes.'),
    blockio: BlockIo.optional().describe('Access to block devices.'),
    hugepageLimits: z.array(HugePages).optional().describe('Huge pages.'),
    network: Network.optional().describe('Marks on packets.'),
  })
  .meta({
    id: 'resources',
    description: 'Resource limits, with the names and units of the OCI runtime specification.',
  });
export type Resources = z.infer<typeof Resources>;
