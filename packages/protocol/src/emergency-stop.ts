import { z } from 'zod';

export const StopRequest = z.strictObject({
  reason: z.string().trim().min(1).max(1000).describe('Why, for whoever finds the fleet stopped.'),
});
export type StopRequest = z.infer<typeof StopRequest>;

/** While it is in force no device of the fleet is offered a release; what is not yet on trial ends. */
export const EmergencyStop = z.object({
  stopped: z.boolean(),
  /** null: it is not in force */
  reason: z.string().nullable(),
  actor: z.string().nullable(),
  at: z.iso.datetime().nullable(),
  /** devices that are offered a release now, or bring one in; none soon after a stop */
  offers: z.int(),
  /** devices that boot a release or try it: that ends by itself */
  trials: z.int(),
  /** that run now; it is they who take offers back at the broker */
  gateways: z.int(),
  /** devices whose offer from before the stop may still lie at the broker; 0 once it is taken back. No block is given out for one */
  offersAtBroker: z.int(),
});
export type EmergencyStop = z.infer<typeof EmergencyStop>;
