import { z } from 'zod';
import { ExecutionState } from './channel.ts';
import { DeviceId, ExecutionId } from './ids.ts';

/** Devices of a rollout that failed for the same reason, as the last that was heard of each. */
export const RolloutFailures = z.object({
  /** as devices report it; where they gave none, the state that the execution ended in */
  code: z.string(),
  devices: z.int(),
  /** those heard of last; at most five */
  examples: z.array(
    z.object({
      device: DeviceId,
      execution: ExecutionId,
      wave: z.int(),
      state: ExecutionState,
      message: z.string().nullable(),
      /** the end of the log of the boot that failed, where the device went back; absent: of an older server */
      log: z.string().nullable().optional(),
      at: z.iso.datetime(),
    }),
  ),
});
export type RolloutFailures = z.infer<typeof RolloutFailures>;
