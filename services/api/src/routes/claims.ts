import { createClaim, getClaim, listClaims, listClaimUses, revokeClaim } from '@slipway/fleet';
import { ClaimCreate, ClaimId, ClaimToken, ClaimUse } from '@slipway/protocol';
import { z } from 'zod';
import { actorOf } from '../auth.ts';
import { PageQuery, type App, type Context } from './context.ts';

const tags = ['Claims'];
const ById = z.strictObject({ id: ClaimId });

export const claimRoutes = (app: App, { db, images }: Context): void => {
  app.post(
    '/v1/claims',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary:
          'Create a claim token, with which one device or a batch enrols; the token is shown this once',
        body: ClaimCreate,
        response: { 201: ClaimToken },
      },
    },
    async (request, reply) => {
      const { arch } = await images.get(request.body.deviceClass);
      const claim = await createClaim(db, { ...request.body, arch }, new Date(), actorOf(request).name);
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
  app.get(
    '/v1/claims/:id',
    {
      config: { access: 'read' },
      schema: { tags, summary: 'Show a claim', params: ById, response: { 200: ClaimToken } },
    },
    async ({ params }) => getClaim(db, params.id),
  );
  app.get(
    '/v1/claims/:id/uses',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'List who came with a claim, in the order in which they came',
        params: ById,
        querystring: PageQuery,
        response: { 200: z.array(ClaimUse) },
      },
    },
    async ({ params, query }) => listClaimUses(db, params.id, query),
  );
  app.post(
    '/v1/claims/:id/revoke',
    {
      config: { access: 'operate' },
      schema: {
        tags,
        summary: 'Let no further device in by a claim',
        params: ById,
        response: { 200: ClaimToken },
      },
    },
    async (request) => revokeClaim(db, request.params.id, actorOf(request).name, new Date()),
  );
};
