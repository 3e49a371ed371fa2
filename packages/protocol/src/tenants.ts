import { z } from 'zod';
import { TenantId } from './ids.ts';

/** Whose fleet it is. */
export const Tenant = z.object({
  id: TenantId,
  /** to show to people */
  name: z.string(),
  createdAt: z.iso.datetime(),
});
export type Tenant = z.infer<typeof Tenant>;

export const TenantChange = z.strictObject({
  name: z
    .string()
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'one line of text')
    .trim()
    .min(1)
    .max(128),
});
export type TenantChange = z.infer<typeof TenantChange>;
