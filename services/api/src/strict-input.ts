import type { FastifyInstance } from 'fastify';
import { SlipwayError } from '@slipway/protocol';

/**
 * What a route does not take is refused, not dropped: who sends it believes that it does something. So is a NUL, which
 * no text of ours has and the database cannot store.
 */
export const refuseWhatNobodyTakes = (app: FastifyInstance): void => {
  app.addHook('preValidation', async (request) => {
    const { schema } = request.routeOptions;
    if (schema?.querystring === undefined) {
      const [name] = Object.keys(Object(request.query));
      if (name !== undefined)
        throw new SlipwayError('REQUEST_INVALID', `querystring: expected nothing, found ${name}`);
    }
    if (schema?.body === undefined && !isEmpty(request.body))
      throw new SlipwayError('REQUEST_INVALID', 'body: expected none, or an object without keys');
    for (const part of [request.params, request.query, request.body]) {
      if (holdsNul(part))
        throw new SlipwayError('REQUEST_INVALID', 'expected text without NUL (\\u0000), found one');
    }
  });
};

const isEmpty = (body: unknown): boolean =>
  body === undefined ||
  (typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0);

const holdsNul = (value: unknown): boolean => {
  if (typeof value === 'string') return value.includes('\u0000');
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return Object.entries(value).some(([name, part]) => name.includes('\u0000') || holdsNul(part));
};
