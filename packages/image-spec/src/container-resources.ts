import { z } from 'zod';

const int = z.int().optional();
const text = z.string().optional();

const ThrottleDevice = z.strictObject({ major: int, minor: int, rate: int });
const throttle = z.array(ThrottleDevice).optional();

/**
 * Resource limits, with the names and units of the OCI runtime specification, where `blockio` is `blockIO`.
 *
 * LinuxKit checks all of these keys but loses those that have a capital letter, for it reads them by another spelling;
 * here they hold.
 */
export const Resources = z.strictObject({
  devices: z
    .array(
      z.strictObject({ allow: z.boolean().optional(), type: text, major: int, minor: int, access: text }),
    )
    .optional(),
  memory: z
    .strictObject({
      limit: int,
      reservation: int,
      swap: int,
      kernel: int,
      kernelTCP: int,
      swappiness: z.int().min(0).max(200).optional(),
      disableOOMKiller: z.boolean().optional(),
    })
    .optional(),
  cpu: z
    .strictObject({
      shares: int,
      quota: int,
      period: int,
      realtimeRuntime: int,
      realtimePeriod: int,
      cpus: text,
      mems: text,
    })
    .optional(),
  pids: z.strictObject({ limit: int }).optional(),
  blockio: z
    .strictObject({
      weight: int,
      leafWeight: int,
      weightDevice: z
        .array(z.strictObject({ major: int, minor: int, weight: int, leafWeight: int }))
        .optional(),
      throttleReadBpsDevice: throttle,
      throttleWriteBpsDevice: throttle,
      throttleReadIOPSDevice: throttle,
      throttleWriteIOPSDevice: throttle,
    })
    .optional(),
  hugepageLimits: z
    .array(
      z.strictObject({
        /** `2MB` as in the OCI specification; LinuxKit asks for a number */
        pageSize: z.union([z.string(), z.int()], { error: 'a size such as 2MB' }).optional(),
        limit: int,
      }),
    )
    .optional(),
  network: z
    .strictObject({
      classID: int,
      priorities: z.array(z.strictObject({ name: text, priority: int })).optional(),
    })
    .optional(),
});
export type Resources = z.infer<typeof Resources>;
