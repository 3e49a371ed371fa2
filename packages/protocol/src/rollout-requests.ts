import { z } from 'zod';

const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'one line of text');

/** Why a rollout is paused or goes back, for those who look at it later. */
export const RolloutReason = z.strictObject({ reason: line(500).optional() });
export type RolloutReason = z.infer<typeof RolloutReason>;

export const RolloutApproval = z.strictObject({
  /** kept with the approval */
  comment: line(500).optional(),
});
export type RolloutApproval = z.infer<typeof RolloutApproval>;
