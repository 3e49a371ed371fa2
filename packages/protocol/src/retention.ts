import { z } from 'zod';

const days = z.int().min(1).max(36_500);

/** For how many days things are kept that nothing needs any more. */
export const RetentionLimits = z.object({
  /** artifacts of builds that failed, were cancelled, or whose release was withdrawn */
  artifactsDays: days,
  /** drafts that nobody published; the newest of a class stay */
  draftsDays: days,
  keepDrafts: z.int().min(0).max(10_000),
  /** logs of builds */
  logsDays: days,
  /** image repositories that no build needs */
  sourcesDays: days,
  /** reports of devices, and commands with the logs that came for them */
  reportsDays: days,
});
export type RetentionLimits = z.infer<typeof RetentionLimits>;

export const RetentionReport = z.object({
  dryRun: z.boolean(),
  /** what is past its time, in the order in which it goes */
  items: z.array(
    z.object({
      kind: z.enum(['drafts', 'artifacts', 'logs', 'sources', 'reports', 'commands']),
      count: z.int(),
      /** freed on disk; rows of the database count for nothing here */
      bytes: z.int(),
    }),
  ),
});
export type RetentionReport = z.infer<typeof RetentionReport>;
export const RetentionRun = z.strictObject({
  dryRun: z.boolean().default(false).describe('Whether only to tell what would go.'),
});
export const Retention = z.object({ limits: RetentionLimits });
