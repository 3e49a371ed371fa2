import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Database, FleetEvents } from '@slipway/fleet';
import type { CommandId, RolloutId } from '@slipway/protocol';
import { z } from 'zod';
import type { ArtifactStore } from '../artifact-store.ts';
import type { BuildFlow } from '../build-flow.ts';
import type { ImageRepository } from '../image-repository.ts';
import type { Revocations } from '../revocations.ts';

/** What routes work with. */
export type Context = {
  readonly db: Database;
  readonly events: FleetEvents;
  readonly images: ImageRepository;
  readonly store: ArtifactStore;
  readonly builds: BuildFlow;
  readonly revocations: Revocations;
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

/** Lists come newest first and whole, as far as one answer carries. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  offset: z.coerce.number().int().min(0).default(0),
});
