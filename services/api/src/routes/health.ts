import type { Redis } from 'ioredis';
import { pingDatabase, type Database } from '@slipway/fleet';
import { z } from 'zod';
import type { App } from './context.ts';

const Part = z.enum(['ok', 'failed']);
const Health = z.object({ status: Part, database: Part, redis: Part });

const tell = async (work: Promise<unknown>): Promise<'ok' | 'failed'> =>
  work.then(
    () => 'ok',
    () => 'failed',
  );

export const healthRoutes = (app: App, db: Database, redis: Redis): void => {
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
      const status = database === 'ok' && queue === 'ok' ? 'ok' : 'failed';
      return reply.code(status === 'ok' ? 200 : 503).send({ status, database, redis: queue });
    },
  );
};
