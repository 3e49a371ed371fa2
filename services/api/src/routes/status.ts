import {
  countDevices,
  endingKeys,
  getEmergencyStop,
  listRollouts,
  openQualifications,
  serverVersion,
  unfinishedBuilds,
} from '@slipway/fleet';
import { ServerStatus } from '@slipway/protocol';
import { actorOf } from '../auth.ts';
import type { App, Context } from './context.ts';

const VERSION = '0.1.0';
const startedAt = new Date().toISOString();

export const statusRoutes = (app: App, { db, store, builds, qualifications, queues }: Context): void => {
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
    async (request) => {
      const { tenant } = actorOf(request);
      const now = new Date();
      const [
        stop,
        database,
        space,
        counts,
        workers,
        unfinished,
        qualifiers,
        open,
        rollouts,
        devices,
        ending,
      ] = await Promise.all([
        getEmergencyStop(db, tenant),
        serverVersion(db),
        store.space(),
        queues(),
        builds.workers(),
        unfinishedBuilds(db),
        qualifications.qualifiers(),
        openQualifications(db),
        listRollouts(db, { state: 'running', limit: 1, offset: 0, count: true }),
        countDevices(db, '', now),
        endingKeys(db, tenant, now),
      ]);
      const problems = [
        ...(stop.stopped ? [`emergency stop: ${stop.reason ?? ''}`] : []),
        ...(stop.offersAtBroker > 0
          ? [`offers of ${stop.offersAtBroker} devices from before the stop still lie at the broker`]
          : []),
        ...(stop.gateways === 0 ? ['no gateway runs: devices are not served'] : []),
        ...(space.state === 'low' ? ['the artifact store has too little room: builds are refused'] : []),
        ...(workers.length === 0 ? ['no build worker lives: builds wait'] : []),
        ...(qualifiers.length === 0 && open.length > 0
          ? [`no qualifier lives: ${open.length} releases wait to be tried`]
          : []),
      ];
      return {
        state: problems.length === 0 ? ('ok' as const) : ('degraded' as const),
        problems,
        warnings: ending.map(
          ({ purpose, subject, id, notAfter }) =>
            `the certificate of the ${purpose} (${subject}, key ${id.slice(0, 16)}) ${new Date(notAfter) > now ? 'ends' : 'ended'} at ${notAfter}`,
        ),
        version: VERSION,
        startedAt,
        stop,
        database,
        store: space,
        queues: counts,
        workers: workers.length,
        builds: unfinished.length,
        qualifiers: qualifiers.length,
        qualifications: open.length,
        rollouts: rollouts.total ?? rollouts.length,
        devices: { total: devices.total, online: devices.online },
      };
    },
  );
};
