import type { FastifyInstance } from 'fastify';
import { SlipwayError } from '@slipway/protocol';

/** What a route does not take is refused, not dropped: who sends it believes that it does something. */
export const refuseWhatIsIgnored = (app: FastifyInstance): void => {
  app.addHook('preValidation', async (request) => {
    const { schema } = request.routeOptions;
    if (schema?.querystring === undefined) {
      const [name] = Object.keys(Object(request.query));
      if (name !== undefined)
        throw new SlipwayError('REQUEST_INVALID', `querystring: expected nothing, found ${name}`);
    }
    if (schema?.body === undefined && !isEmpty(request.body))
      throw new SlipwayError('REQUEST_INVALID', 'body: expected none, or an object without keys');
  });
};

const isEmpty = (body: unknown): boolean =>
  body === undefined ||
  (typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0);
