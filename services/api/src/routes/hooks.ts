import { HookAnswer } from '@slipway/protocol';
import { z } from 'zod';
import { receiveHook } from '../hooks/receive-hook.ts';
import type { App, Context } from './context.ts';

/** Forges send up to 25 MB, of pushes with thousands of commits; what is needed of one is at its beginning and end. */
const MAX_HOOK_BYTES = 5 * 1024 * 1024;

/**
 * Where forges and registries send their notices. No token: each is verified by the secret of its trigger. Bodies are
 * taken as they come, because it is their bytes that are signed.
 */
export const hookRoutes = (app: App, { db, triggers }: Context): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_HOOK_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  app.post(
    '/hooks/:id',
    {
      schema: {
        hide: true,
        params: z.strictObject({ id: z.string().max(64) }),
        querystring: z.looseObject({ token: z.string().max(256).optional() }),
        response: { 200: HookAnswer, 202: HookAnswer },
      },
    },
    async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const hook = { headers: request.headers, body, token: request.query.token };
      const answer = await receiveHook(db, request.params.id, hook, triggers.open, new Date());
      if (answer.verdict === 'accepted' && !answer.replayed) triggers.look();
      return reply.code(answer.replayed ? 200 : 202).send(answer);
    },
  );
};
