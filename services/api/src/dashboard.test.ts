import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveDashboard } from './dashboard.ts';
import { answerWithProblems } from './problem.ts';

let dir: string;
let app: FastifyInstance;
const page = { accept: 'text/html,application/xhtml+xml' };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-dashboard-'));
  await mkdir(join(dir, 'assets'));
  await writeFile(join(dir, 'index.html'), '<meta property="csp-nonce" nonce="__SLIPWAY_NONCE__">');
  await writeFile(join(dir, 'assets', 'index-1.js'), 'plain');
  await writeFile(join(dir, 'assets', 'index-1.js.br'), 'packed');
  await writeFile(join(dir, 'secret'), 'beside the assets');
  app = fastify();
  answerWithProblems(app);
  await serveDashboard(app, dir);
  app.get('/v1/devices', () => ({ is: 'api' }));
});
afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true });
});

describe('the dashboard', () => {
  test.each(['/', '/devices', '/devices/dev-1?tab=logs', '/v1beside'])(
    '%s is the page, with a policy of its own',
    async (url) => {
      const [one, other] = await Promise.all([1, 2].map(() => app.inject({ url, headers: page })));
      expect(one?.statusCode).toBe(200);
      expect(one?.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(one?.headers['cache-control']).toBe('no-store');
      const nonce = /nonce="([^"]+)"/.exec(one?.body ?? '')?.[1] ?? '';
      expect(nonce).toMatch(/^[\w-]{24}$/);
      const policy = String(one?.headers['content-security-policy']);
      expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toContain('unsafe');
      expect(other?.body).not.toContain(nonce);
    },
  );

  test('what is no screen is a problem: an address of the API, a file that is gone, what a program asks for', async () => {
    for (const [url, headers] of [
      ['/v1/nothing', page],
      ['/assets/index-0.js', page],
      ['/openapi.json', page],
      ['/devices', { accept: 'application/json' }],
    ] as const) {
      const answer = await app.inject({ url, headers });
      expect([url, answer.statusCode, answer.json().code]).toEqual([url, 404, 'NOT_FOUND']);
    }
    const posted = await app.inject({ method: 'POST', url: '/devices', headers: page });
    expect(posted.statusCode).toBe(404);
    expect((await app.inject({ url: '/v1/devices', headers: page })).json()).toEqual({ is: 'api' });
  });

  test('files are kept for good, and come packed to whoever takes them so', async () => {
    const plain = await app.inject('/assets/index-1.js');
    expect([plain.body, plain.headers['cache-control']]).toEqual([
      'plain',
      'public, max-age=31536000, immutable',
    ]);
    const packed = await app.inject({ url: '/assets/index-1.js', headers: { 'accept-encoding': 'br' } });
    expect([packed.body, packed.headers['content-encoding'], packed.headers['content-type']]).toEqual([
      'packed',
      'br',
      'application/javascript; charset=utf-8',
    ]);
  });

  test.each(['/assets/../secret', '/assets/%2e%2e/secret', '/assets/..%2fsecret'])(
    'nothing beside the files is given for %s',
    async (url) => {
      const answer = await app.inject(url);
      expect(answer.statusCode).not.toBe(200);
      expect(answer.body).not.toContain('beside');
    },
  );
});
