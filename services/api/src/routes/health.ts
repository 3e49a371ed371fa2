import type { Redis } from 'ioredis';
import { pingDatabase, type Database } from '@slipway/fleet';
import { z } from 'zod';
import type { ArtifactStore } from '../artifact-store.ts';
import type { App } from './context.ts';

const Part = z.enum(['ok', 'failed']);
const Health = z.object({
  /** degraded: builds are refused, all else goes on */
  status: z.enum(['ok', 'degraded', 'failed']),
  database: Part,
  redis: Part,
  store: z.enum(['ok', 'low', 'failed']),
});

const tell = async (work: Promise<unknown>): Promise<'ok' | 'failed'> =>
  work.then(
    () => 'ok',
    () => 'failed',
  );

export const healthRoutes = (app: App, db: Database, redis: Redis, store: ArtifactStore): void => {
  app.get(
    '/v1/health',
    {
      schema: {
        tags: ['Health'],
        summary: 'Whether the server and what it stands on work',
        security: [],
        response: { 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const [database, queue] = await Promise.all([tell(pingDatabase(db)), tell(redis.ping())]);
      const space = await store.space().then(
        ({ state }) => state,
        () => 'failed' as const,
      );
      const works = database === 'ok' && queue === 'ok' && space !== 'failed';
      const working = space === 'low' ? 'degraded' : 'ok';
      const status = works ? working : 'failed';
      return reply.code(works ? 200 : 503).send({ status, database, redis: queue, store: space });
    },
  );
};
