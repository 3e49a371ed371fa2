import { getOverview, isInReach, unfinishedBuilds, versionHistory, versionTimeline } from '@slipway/fleet';
import { Overview, VersionHistory } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf, reachOfRequest } from '../auth.ts';
import { remembered } from '../remembered.ts';
import { whole, type App, type Context } from './context.ts';

const DAY_MS = 86_400_000;
const tags = ['Overview'];

export const overviewRoutes = (app: App, { db, store, builds }: Context): void => {
  const timelines = remembered<VersionHistory>();
  app.get(
    '/v1/overview',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        summary:
          'The fleet at a glance: counts, what needs somebody, rollouts under way, what happened lately',
        response: { 200: Overview },
      },
    },
    async (request) => {
      const [space, workers, unfinished] = await Promise.all([
        store.space(),
        builds.workers(),
        unfinishedBuilds(db),
      ]);
      const server = {
        storeIsFull: space.state === 'low',
        workers: workers.length,
        builds: unfinished.length,
      };
      return getOverview(db, actorOf(request).tenant, reachOfRequest(request), server, new Date());
    },
  );
  app.get(
    '/v1/overview/versions',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        operationId: 'overview.versions',
        summary: 'How many devices ran which version over time, up to now',
        querystring: z.strictObject({ days: whole(1, 400, 14).describe('How far back.') }),
        response: { 200: VersionHistory },
      },
    },
    async (request) => {
      const { days } = request.query;
      const reach = reachOfRequest(request);
      return timelines(`${days} ${String(reach)}`, async () => {
        const now = new Date();
        const since = new Date(now.getTime() - days * DAY_MS);
        const near = await isInReach(db, reach, now);
        return near === undefined ? versionHistory(db, since, now) : versionTimeline(db, near, since, now);
      });
    },
  );
};
