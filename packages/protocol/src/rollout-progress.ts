import { z } from 'zod';
import { ClassName, ReleaseId, RolloutId, Version } from './ids.ts';
import { RolloutState } from './rollouts.ts';

/** How a rollout went. Times are ISO 8601 in UTC. */
const time = z.iso.datetime();

/** Devices so far, at the moment of the same place in `at`. */
const Line = z.array(z.int());

/** How many devices had been offered the release, had committed it, and had failed, over the time of a rollout. */
export const RolloutProgress = z.object({
  rollout: RolloutId,
  /** evenly apart, from its first offer to its end, or to now */
  at: z.array(time),
  waves: z.array(z.object({ index: z.int(), offered: Line, committed: Line, failed: Line })),
});
export type RolloutProgress = z.infer<typeof RolloutProgress>;

/** So many moments at most. */
export const PROGRESS_POINTS = 120;

/** Seconds that devices took which committed: half of them, nine of ten of them at most; null: none has. */
const Pace = z.object({ half: z.number(), most: z.number() }).nullable();

/** What came of a rollout so far, to be held against another. */
export const RolloutSummary = z.object({
  rollout: RolloutId,
  release: ReleaseId,
  version: Version,
  deviceClass: ClassName,
  state: RolloutState,
  /** the first offer; null: there was none */
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  /** from the first offer to its end, or to now */
  seconds: z.int().nullable(),
  /** that were offered the release */
  devices: z.int(),
  committed: z.int(),
  failed: z.int(),
  /** went back to the release before */
  back: z.int(),
  /** offers that were taken back */
  canceled: z.int(),
  /** of all offers of it together, as devices counted */
  bytes: z.object({ received: z.int(), reused: z.int() }),
  /** until the restart, without waiting for a window */
  prepare: Pace,
  /** from the restart to the commit */
  restart: Pace,
  /** why devices failed, most first */
  failures: z.array(z.object({ code: z.string(), devices: z.int() })),
});
export type RolloutSummary = z.infer<typeof RolloutSummary>;
