import { approvePlaceTriggers, changePlaceTriggers, listClassTriggers } from '@slipway/fleet';
import {
  ClassTriggerPlace,
  PlaceTriggers,
  PlaceTriggersApproval,
  PlaceTriggersChange,
  SlipwayError,
} from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { nextAt } from '../triggers/next-at.ts';
import type { App, Context } from './context.ts';

const tags = ['Triggers'];
const ByPlace = z.strictObject({
  place: ClassTriggerPlace.describe('id or name of a source; - for the image repository of the server'),
});

export const classTriggerRoutes = (app: App, { db, triggers }: Context): void => {
  const shown = async (place: string): Promise<PlaceTriggers> => {
    const found = (await listClassTriggers(db)).find(
      ({ source, name }) => (source ?? '-') === place || name === place,
    );
    if (found === undefined) throw new SlipwayError('INTERNAL', 'A place that was changed is not there.');
    return found;
  };
  app.get(
    '/v1/class-triggers',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'What class files say of triggers, and what became of it',
        response: { 200: z.array(PlaceTriggers) },
      },
    },
    async () => listClassTriggers(db),
  );
  app.patch(
    '/v1/class-triggers/:place',
    {
      // As sources are: it says how far whoever may push there is trusted.
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Say whether triggers that class files name are taken, need approval, or are off',
        params: ByPlace,
        body: PlaceTriggersChange,
        response: { 200: PlaceTriggers },
      },
    },
    async (request) => {
      const by = { actor: actorOf(request).name, nextAt };
      await changePlaceTriggers(db, request.params.place, request.body, by, new Date());
      triggers.look();
      return shown(request.params.place);
    },
  );
  app.post(
    '/v1/class-triggers/:place/approve',
    {
      config: { access: 'release' },
      schema: {
        tags,
        summary: 'Approve of the triggers that class files name',
        params: ByPlace,
        body: PlaceTriggersApproval,
        response: { 200: PlaceTriggers },
      },
    },
    async (request) => {
      const by = { actor: actorOf(request).name, nextAt };
      await approvePlaceTriggers(db, request.params.place, request.body, by, new Date());
      triggers.look();
      return shown(request.params.place);
    },
  );
};
