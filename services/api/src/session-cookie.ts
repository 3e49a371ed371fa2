import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_LIFE_MS } from '@slipway/fleet';

const NAME = 'slipway_session';

/** What a browser sends of a session. */
export const cookieOf = ({ headers }: FastifyRequest): string | undefined =>
  new RegExp(`(?:^|;\\s*)${NAME}=([\\x21-\\x3a\\x3c-\\x7e]{1,256})`).exec(headers.cookie ?? '')?.[1];

const attributes = (request: FastifyRequest): string => {
  const isSecure = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  return `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
};

/** No script reads it, no other site has it sent; over TLS it never goes without. */
export const giveCookie = (request: FastifyRequest, reply: FastifyReply, token: string): void => {
  reply.header('set-cookie', `${NAME}=${token}; Max-Age=${SESSION_LIFE_MS / 1000}; ${attributes(request)}`);
};

export const takeCookie = (request: FastifyRequest, reply: FastifyReply): void => {
  reply.header('set-cookie', `${NAME}=; Max-Age=0; ${attributes(request)}`);
};
