import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import files from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** In place of it the build of the dashboard has these words, wherever a nonce goes. */
const NONCE = /__SLIPWAY_NONCE__/g;

/**
 * Scripts come from this server alone, and none stands in the page. Styles that scripts add need the nonce of the answer.
 * No other page may frame it, and it sends forms nowhere.
 */
const policyOf = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** What is no screen: somebody who errs there wants to be told so, not shown a page. */
const NO_SCREEN = /^\/(?:v1|docs|assets|openapi\.json|hooks)(?:[/?]|$)/;

/**
 * Serves the dashboard: its files, and its one page at every address that is nothing else, because the screens have
 * addresses of their own.
 *
 * @param dir what `buildDashboard` of packages/dashboard made
 */
export const serveDashboard = async (app: FastifyInstance, dir: string): Promise<void> => {
  const page = await readFile(join(dir, 'index.html'), 'utf8');
  const sendPage = async (reply: FastifyReply): Promise<FastifyReply> => {
    const nonce = randomBytes(18).toString('base64url');
    return reply
      .headers({
        'content-security-policy': policyOf(nonce),
        'cache-control': 'no-store',
        'referrer-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      })
      .type('text/html; charset=utf-8')
      .send(page.replaceAll(NONCE, nonce));
  };
  await app.register(files, {
    root: join(dir, 'assets'),
    prefix: '/assets/',
    preCompressed: true,
    // Their names tell their content.
    immutable: true,
    maxAge: '365d',
    index: false,
    decorateReply: true,
    schemaHide: true,
  });
  app.get('/icon.svg', { schema: { hide: true } }, (_request, reply) => reply.sendFile('icon.svg', dir));
  app.get('/', { schema: { hide: true } }, (_request, reply) => sendPage(reply));
  // A hook, since there is but one handler for what is not found, and it answers with problems.
  app.addHook('onRequest', async (request, reply) => {
    const wantsPage =
      request.is404 &&
      request.method === 'GET' &&
      (request.headers.accept ?? '').includes('text/html') &&
      !NO_SCREEN.test(request.url);
    return wantsPage ? sendPage(reply) : undefined;
  });
};
