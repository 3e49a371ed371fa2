import { getRelease, isInReach, releaseHistory, releasesInField, releaseUse } from '@slipway/fleet';
import {
  DEFAULT_PROFILE,
  ReleaseDownloads,
  ReleaseEvent,
  ReleaseId,
  ReleaseSignature,
  ReleaseUse,
} from '@slipway/protocol';
import { z } from 'zod';
import { reachOfRequest } from '../auth.ts';
import { checkSignature } from '../releases/check-signature.ts';
import { downloadsOf } from '../releases/downloads.ts';
import type { App, Context } from './context.ts';

const tags = ['Releases'];
const ById = z.strictObject({ id: ReleaseId });

/** What there is to know of a release beside what it is. */
export const releaseFactRoutes = (app: App, { db, store, profiles }: Context): void => {
  app.get(
    '/v1/releases/:id/signature',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Verify the signature of a release, as devices do, and tell who signed what',
        params: ById,
        response: { 200: ReleaseSignature },
      },
    },
    async ({ params }) => {
      const { id, signing = DEFAULT_PROFILE } = await getRelease(db, params.id);
      return checkSignature(id, store.bundlePath(id), profiles.rootOf(signing), new Date());
    },
  );
  app.get(
    '/v1/releases/:id/downloads',
    {
      config: { access: 'read', groups: 'filter' },
      schema: {
        tags,
        operationId: 'releases.downloads',
        summary: 'Tell how much devices would load of a release, by what they run now',
        params: ById,
        response: { 200: ReleaseDownloads },
      },
    },
    async (request) => {
      const release = await getRelease(db, request.params.id);
      const near = await isInReach(db, reachOfRequest(request), new Date());
      const inField = await releasesInField(db, release.deviceClass, near);
      return downloadsOf({ release, inField, bundlePath: store.bundlePath, rootOf: profiles.rootOf });
    },
  );
  app.get(
    '/v1/releases/:id/history',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'List what became of a release, and by whom',
        params: ById,
        response: { 200: z.array(ReleaseEvent) },
      },
    },
    async ({ params }) => releaseHistory(db, params.id),
  );
  app.get(
    '/v1/releases/:id/use',
    {
      config: { access: 'read', groups: 'any' },
      schema: {
        tags,
        summary: 'Tell who uses a release: devices, rollouts, channels',
        params: ById,
        response: { 200: ReleaseUse },
      },
    },
    async ({ params }) => releaseUse(db, params.id),
  );
};
