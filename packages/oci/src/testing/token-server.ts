import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export type TokenQuestion = {
  readonly method: string;
  readonly authorization: string | undefined;
  readonly parameters: URLSearchParams;
};

/**
 * Gives tokens as the distribution's token specification has them, signed so that the registry believes them.
 *
 * @param allow says who may pull; what it refuses gets 401
 */
export const startTokenServer = async (
  signer: { readonly cert: string; readonly key: string },
  allow: (question: TokenQuestion) => boolean,
) => {
  const key = createPrivateKey(await readFile(signer.key));
  const chain = [new X509Certificate(await readFile(signer.cert)).raw.toString('base64')];
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tokenFor = (scope: string): string => {
    const [type, name, actions = ''] = scope.split(':');
    const now = Math.floor(Date.now() / 1000);
    const signed = `${part({ typ: 'JWT', alg: 'ES256', x5c: chain })}.${part({
      iss: 'test-issuer',
      aud: 'test-service',
      sub: '',
      jti: `${now}`,
      iat: now,
      nbf: now - 10,
      exp: now + 300,
      access: [{ type, name, actions: actions.split(',') }],
    })}`;
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  };
  const seen: TokenQuestion[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const method = request.method ?? '';
    const question = {
      method,
      authorization: request.headers.authorization,
      parameters: method === 'POST' ? new URLSearchParams(await text(request)) : url.searchParams,
    };
    seen.push(question);
    if (!allow(question)) response.writeHead(401).end();
    else
      response.end(
        JSON.stringify({ token: tokenFor(question.parameters.get('scope') ?? ''), expires_in: 300 }),
      );
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/token`,
    seen,
    /** settings of a registry that believes this server */
    auth: [
      'auth:',
      '  token:',
      `    realm: http://127.0.0.1:${port}/token`,
      '    service: test-service',
      '    issuer: test-issuer',
      `    rootcertbundle: ${signer.cert}`,
    ].join('\n'),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
