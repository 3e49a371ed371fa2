import { createClaim, listClaims, recordAudit } from '@slipway/fleet';
import { ClaimCreate, ClaimToken } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Claims'];

export const claimRoutes = (app: App, { db, images }: Context): void => {
  app.post(
    '/v1/claims',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Create a claim token, with which one device enrols; the token is shown this once',
        body: ClaimCreate,
        response: { 201: ClaimToken },
      },
    },
    async (request, reply) => {
      const { arch } = await images.get(request.body.deviceClass);
      const claim = await createClaim(db, { ...request.body, arch }, new Date());
      await recordAudit(db, {
        actor: actorOf(request).name,
        action: 'claim.create',
        subject: claim.id,
        details: { deviceClass: claim.deviceClass, deviceId: claim.deviceId },
      });
      return reply.code(201).header('cache-control', 'no-store').send(claim);
    },
  );
  app.get(
    '/v1/claims',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List claims',
        querystring: PageQuery,
        response: { 200: z.array(ClaimToken) },
      },
    },
    async ({ query }) => listClaims(db, query),
  );
};
