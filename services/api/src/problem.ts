import type { FastifyError, FastifyInstance, RawServerBase } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { ERRORS, SlipwayError, type ErrorCode, type Problem } from '@slipway/protocol';

const PROBLEM_TYPE = 'application/problem+json';

const problem = (
  code: ErrorCode,
  detail: string,
  details: Readonly<Record<string, unknown>> = {},
  status = ERRORS[code].http,
): Problem => ({
  type: `urn:slipway:error:${code}`,
  title: ERRORS[code].meaning,
  status,
  code,
  detail,
  ...(Object.keys(details).length === 0 ? {} : { details }),
});

const problemOf = (error: unknown): Problem => {
  if (error instanceof SlipwayError) {
    // A fault of ours may name files or addresses that are not for the other side.
    return error.code === 'INTERNAL' ? internal() : problem(error.code, error.message, error.details);
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map(({ instancePath, message }) => ({
      path: instancePath.slice(1).replaceAll('/', '.'),
      message: message ?? 'invalid',
    }));
    const where = error.validationContext ?? 'request';
    const detail = fields.map(({ path, message }) => `${where}${path === '' ? '' : `.${path}`}: ${message}`);
    return problem('REQUEST_INVALID', detail.join('; '), { fields });
  }
  const status = isFastifyError(error) ? error.statusCode : undefined;
  if (error instanceof Error && status !== undefined && status >= 400 && status < 500) {
    return problem('REQUEST_INVALID', error.message, {}, status);
  }
  return internal();
};

const internal = (): Problem =>
  problem('INTERNAL', 'The server failed to answer. The log has more, under the request id in x-request-id.');

const isFastifyError = (error: unknown): error is FastifyError =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';

/** Every error leaves as a problem document (RFC 9457) with a code of ours. */
export const answerWithProblems = <Server extends RawServerBase>(app: FastifyInstance<Server>): void => {
  app.setErrorHandler(async (error: unknown, request, reply) => {
    const body = problemOf(error);
    if (body.status >= 500) request.log.error({ err: error }, 'request failed');
    if (body.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(body.status).type(PROBLEM_TYPE).send(body);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const body = problem('NOT_FOUND', `There is no ${request.method} ${request.url.split('?')[0] ?? ''}.`);
    return reply.code(body.status).type(PROBLEM_TYPE).send(body);
  });
};
