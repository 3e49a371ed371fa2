import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Database, FleetEvents } from '@slipway/fleet';
import type { CommandId, QueueCounts, RolloutId, WebhookId } from '@slipway/protocol';
import { z } from 'zod';
import type { ArtifactStore } from '../artifact-store.ts';
import type { BuildFlow } from '../build-flow.ts';
import type { Examples } from '../example-images.ts';
import type { ImageRepository } from '../image-repository.ts';
import type { QualificationFlow } from '../qualifications/flow.ts';
import type { RepositoryFiles } from '../repository/repository-files.ts';
import type { RepositoryHistory } from '../repository/repository-history.ts';
import type { Retention } from '../retention/retention.ts';
import type { Revocations } from '../revocations.ts';
import type { SigningProfiles } from '../signing-profiles.ts';
import type { Sources } from '../sources.ts';
import type { VirtualDevices } from '../virtual-devices.ts';
import type { Courier } from '../webhooks/courier.ts';

/** What routes work with. */
export type Context = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly images: ImageRepository;
  /** of the image repository, and what was saved of them */
  readonly files: RepositoryFiles;
  readonly history: RepositoryHistory;
  readonly sources: Sources;
  /** where the database is written for a backup */
  readonly exportsDir: string | undefined;
  readonly triggers: {
    /** there may be something to do */
    readonly look: () => void;
    /** the secret of a hook, as the database keeps it, and back */
    readonly seal: (secret: string, trigger: string) => string;
    readonly open: (sealed: string, trigger: string) => string;
  };
  readonly examples: Examples;
  /** absent: this server starts none */
  readonly virtualDevices: VirtualDevices | undefined;
  readonly store: ArtifactStore;
  /** what devices trust releases by */
  readonly profiles: SigningProfiles;
  readonly retention: Retention;
  readonly queues: () => Promise<QueueCounts[]>;
  readonly builds: BuildFlow;
  readonly qualifications: QualificationFlow;
  readonly revocations: Revocations;
  readonly courier: Courier;
  /** the secret of a webhook, as the database keeps it */
  readonly sealWebhook: (secret: string, webhook: WebhookId) => string;
  /** holds the token that makes the first user, until there is one */
  readonly setupTokenFile: string;
  /** wakes the planner of the gateway */
  readonly wakePlanner: (rollout: RolloutId) => Promise<void>;
  /** has the gateway send a command */
  readonly sendCommand: (command: CommandId) => Promise<void>;
};

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Yes or no in a query. */
export const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A whole number in a query, where all there is is text; nothing is no number. */
export const whole = (min: number, max: number, absent: number) =>
  z
    .preprocess(
      (text) => (typeof text === 'string' && /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN),
      z.int().min(min).max(max),
    )
    // The document is told once more, because it does not look through preprocess.
    .default(absent)
    .meta({ default: absent });

/** One that need not be there. */
export const wholeOrNone = (min: number, max: number) =>
  z
    .preprocess(
      (text) => (typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : text),
      z.int().min(min).max(max).optional(),
    )
    .optional();

/**
 * What every list takes. Answers of up to `limit` items name the next part in `Link: <…>; rel="next"`, whose `after` is
 * opaque; the store's `keyset` makes it. `count` has the total told in `X-Total-Count`.
 */
export const PageQuery = z.strictObject({
  limit: whole(1, 1000, 100).describe('How many items at most.'),
  offset: whole(0, 1_000_000_000, 0).describe(
    'How many items to leave out: for a part in the middle. To walk the whole list use after.',
  ),
  after: z
    .string()
    .max(1024)
    .regex(/^[\w-]+$/)
    .optional()
    .describe('Where to go on, from the Link header of the answer before.'),
  count: Flag.optional().describe('Whether X-Total-Count is to say how many there are.'),
});
