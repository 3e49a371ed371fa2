import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SlipwayError, type HookOn } from '@slipway/protocol';

/** A notice as it came. */
export type Hook = {
  readonly headers: IncomingHttpHeaders;
  /** the bytes that are signed */
  readonly body: Buffer;
  /** of the query of the URL, where a sender can do no more than that */
  readonly token?: string | undefined;
};

/** What a forge or registry says of its notice beside the body. */
export type Verified = {
  readonly event: string;
  /** by which the same notice is known again */
  readonly eventId: string | null;
};

type Sender = Extract<HookOn, { kind: 'push' }>['forge'] | Extract<HookOn, { kind: 'registry' }>['sender'];

export const senderOf = (on: HookOn): Sender => (on.kind === 'push' ? on.forge : on.sender);

const header = ({ headers }: Hook, name: string): string => {
  const value = headers[name];
  return typeof value === 'string' ? value.slice(0, 4096) : '';
};

/** Hashed first, so that neither content nor length can be told by the time it takes. */
const isSame = (a: string, b: string): boolean => {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
};

const hmac = (secret: string | Buffer, ...parts: (string | Buffer)[]): Buffer => {
  const made = createHmac('sha256', secret);
  for (const part of parts) made.update(part);
  return made.digest();
};

const refused = (why: string): SlipwayError =>
  new SlipwayError(
    'HOOK_SIGNATURE_INVALID',
    `${why}. Give the sender the secret of this trigger; slipway trigger edit --secret sets another.`,
  );

const need = (good: boolean, why: string): void => {
  if (!good) throw refused(why);
};

/** `sha256=…` of GitHub, the bare digits of Gitea. */
const verifyHex = (hook: Hook, secret: string, name: string, prefix: string): void => {
  const given = header(hook, name);
  need(given !== '', `Expected a signature in the header ${name}, found none`);
  need(
    isSame(given.toLowerCase(), prefix + hmac(secret, hook.body).toString('hex')),
    `The signature in ${name} is not one by the secret of this trigger`,
  );
};

const SKEW_SECONDS = 300;

/** Standard Webhooks, which GitLab sends where a signing token is set: id, time and body are signed. */
const verifyStandard = (hook: Hook, secret: string, now: Date): void => {
  const [id, time, given] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    header(hook, name),
  );
  const age = Math.abs(now.getTime() / 1000 - Number(time));
  need(
    /^\d{1,12}$/.test(time ?? '') && age <= SKEW_SECONDS,
    'webhook-timestamp is not of the last five minutes',
  );
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
  const made = hmac(key, `${id}.${time}.`, hook.body).toString('base64');
  need(
    (given ?? '').split(' ').some((one) => isSame(one, `v1,${made}`)),
    'webhook-signature is not one by the secret of this trigger',
  );
};

const verifyGitLab = (hook: Hook, secret: string, now: Date): void => {
  if (header(hook, 'webhook-signature') !== '') return verifyStandard(hook, secret, now);
  const given = header(hook, 'x-gitlab-token');
  need(given !== '', 'Expected the secret in the header x-gitlab-token, found none');
  need(isSame(given, secret), 'x-gitlab-token is not the secret of this trigger');
};

/** As bearer token, as password of Basic, or as the whole header, which is what Harbor sends. */
const verifyAuthorization = (hook: Hook, secret: string): void => {
  const given = header(hook, 'authorization');
  need(given !== '', 'Expected the secret in the header Authorization, found none');
  const [scheme = '', rest = ''] = given.split(/ (.*)/s);
  const basic = scheme.toLowerCase() === 'basic' ? Buffer.from(rest, 'base64').toString() : '';
  const candidates = [given, rest, basic.slice(basic.indexOf(':') + 1)];
  // Every one is compared, whichever it is.
  need(
    candidates.map((candidate) => isSame(candidate, secret)).includes(true),
    'Authorization does not hold the secret of this trigger',
  );
};

/**
 * Whether a notice is from who knows the secret of the trigger.
 *
 * @throws {SlipwayError} HOOK_SIGNATURE_INVALID
 */
export const verifyHook = (on: HookOn, secret: string, hook: Hook, now: Date): Verified => {
  const orNull = (text: string): string | null => (text === '' ? null : text.slice(0, 200));
  const sender = senderOf(on);
  switch (sender) {
    case 'github':
    case 'ghcr':
      verifyHex(hook, secret, 'x-hub-signature-256', 'sha256=');
      return { event: header(hook, 'x-github-event'), eventId: orNull(header(hook, 'x-github-delivery')) };
    case 'gitea':
      verifyHex(hook, secret, 'x-gitea-signature', '');
      return { event: header(hook, 'x-gitea-event'), eventId: orNull(header(hook, 'x-gitea-delivery')) };
    case 'gitlab': {
      verifyGitLab(hook, secret, now);
      const own = header(hook, 'webhook-id') || header(hook, 'idempotency-key');
      const event = header(hook, 'x-gitlab-event-uuid');
      // Of one push to several branches, each notice has the same event id, and a body of its own.
      const digest = createHash('sha256').update(hook.body).digest('hex').slice(0, 16);
      return {
        event: header(hook, 'x-gitlab-event'),
        eventId: orNull(own || (event === '' ? '' : `${event}:${digest}`)),
      };
    }
    case 'distribution':
    case 'harbor':
      verifyAuthorization(hook, secret);
      return { event: 'notification', eventId: null };
    case 'dockerhub':
      need(hook.token !== undefined, 'Expected the secret as ?token= of the URL, found none');
      need(isSame(hook.token ?? '', secret), 'token is not the secret of this trigger');
      return { event: 'push', eventId: null };
    default:
      return sender satisfies never;
  }
};
