import {
  countDevices,
  getEmergencyStop,
  listRollouts,
  serverVersion,
  unfinishedBuilds,
} from '@slipway/fleet';
import { DEFAULT_TENANT, ServerStatus } from '@slipway/protocol';
import type { App, Context } from './context.ts';

const tenant = DEFAULT_TENANT;
const VERSION = '0.1.0';
const startedAt = new Date().toISOString();

export const statusRoutes = (app: App, { db, store, builds, queues }: Context): void => {
  app.get(
    '/v1/status',
    {
      config: { access: 'read' },
      schema: {
        tags: ['Health'],
        summary: 'Show how the server is: emergency stop, database, disk, queues, what is under way',
        response: { 200: ServerStatus },
      },
    },
    async () => {
      const now = new Date();
      const [stop, database, space, counts, workers, unfinished, rollouts, devices] = await Promise.all([
        getEmergencyStop(db, tenant),
        serverVersion(db),
        store.space(),
        queues(),
        builds.workers(),
        unfinishedBuilds(db),
        listRollouts(db, { state: 'running', limit: 1, offset: 0, count: true }),
        countDevices(db, '', now),
      ]);
      const problems = [
        ...(stop.stopped ? [`emergency stop: ${stop.reason ?? ''}`] : []),
        ...(space.state === 'low' ? ['the artifact store has too little room: builds are refused'] : []),
        ...(workers.length === 0 ? ['no build worker lives: builds wait'] : []),
      ];
      return {
        state: problems.length === 0 ? ('ok' as const) : ('degraded' as const),
        problems,
        version: VERSION,
        startedAt,
        stop,
        database,
        store: space,
        queues: counts,
        workers: workers.length,
        builds: unfinished.length,
        rollouts: rollouts.total ?? rollouts.length,
        devices: { total: devices.total, online: devices.online },
      };
    },
  );
};
