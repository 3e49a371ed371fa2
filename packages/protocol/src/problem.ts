import { z } from 'zod';

/** A refusal as it crosses HTTP, RFC 9457. In a file of its own, because the agent ships it and none of the resources. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type Problem = z.infer<typeof Problem>;
