import { setTimeout as delay } from 'node:timers/promises';
import { getEmergencyStop, haltOffers, liftStop, stopOffers } from '@slipway/fleet';
import { EmergencyStop, StopRequest } from '@slipway/protocol';
import { actorOf } from '../auth.ts';
import type { App, Context } from './context.ts';

const tags = ['Emergency stop'];
/** Gateways look every second; an answer that can say that it is over is worth so much of a wait. */
const WAIT_MS = 3000;
const LOOK_MS = 100;

/** Whoever may operate may stop; to let offers out again takes who may make them. */
export const emergencyStopRoutes = (app: App, { db, events }: Context): void => {
  app.get(
    '/v1/emergency-stop',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'Show whether an emergency stop is in force, and what is still under way',
        response: { 200: EmergencyStop },
      },
    },
    async (request) => getEmergencyStop(db, actorOf(request).tenant),
  );
  app.put(
    '/v1/emergency-stop',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Halt every offer: nothing new is given to devices, what is not yet on trial ends',
        body: StopRequest,
        response: { 200: EmergencyStop },
      },
    },
    async (request) => {
      const { tenant, name } = actorOf(request);
      const by = { actor: name, reason: request.body.reason };
      await stopOffers(db, tenant, by, new Date());
      // A gateway does it as well; here it is done when the answer comes, also while no gateway runs.
      await haltOffers(db, tenant, new Date());
      let stop = await getEmergencyStop(db, tenant);
      for (let left = WAIT_MS; left > 0 && stop.gateways > 0 && stop.offersAtBroker > 0; left -= LOOK_MS) {
        await delay(LOOK_MS);
        stop = await getEmergencyStop(db, tenant);
      }
      events.publish({ kind: 'stop', stop, tenant });
      return stop;
    },
  );
  app.delete(
    '/v1/emergency-stop',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Lift the emergency stop: rollouts go on where they were',
        response: { 200: EmergencyStop },
      },
    },
    async (request) => {
      const { tenant, name } = actorOf(request);
      await liftStop(db, tenant, name);
      const stop = await getEmergencyStop(db, tenant);
      events.publish({ kind: 'stop', stop, tenant });
      return stop;
    },
  );
};
