import { describe, expect, test } from 'vitest';
import { codeOf, type HookOn } from '@slipway/protocol';
import {
  distribution,
  dockerHub,
  ghcr,
  gitHub,
  gitHubPing,
  gitHubPush,
  gitLabPush,
  giteaPush,
  harbor,
  type Notice,
} from '../testing/hook-payloads.ts';
import { readHook } from './read-hook.ts';
import { verifyHook } from './verify-hook.ts';

const SECRET = 'a-secret-of-some-length';
const now = new Date('2026-11-20T10:12:00Z');
const seconds = now.getTime() / 1000;
const after = 'a'.repeat(40);
const image = {
  host: 'registry.example',
  name: 'acme/app',
  tag: 'v1',
  digest: `sha256:${'b'.repeat(64)}`,
  id: 'e-1',
};
const forge = (name: 'github' | 'gitlab' | 'gitea'): HookOn => ({ kind: 'push', forge: name });
const registry = (sender: 'distribution' | 'harbor' | 'dockerhub' | 'ghcr'): HookOn => ({
  kind: 'registry',
  sender,
});

const take = (on: HookOn, { headers, body, query }: Notice) => {
  const hook = { headers, body: Buffer.from(body), token: query?.replace('?token=', '') };
  const verified = verifyHook(on, SECRET, hook, now);
  return { verified, events: readHook(on, verified, hook.body) };
};
const codeOfTaking = (on: HookOn, notice: Notice): string => {
  try {
    take(on, notice);
    return 'nothing';
  } catch (error) {
    return codeOf(error);
  }
};

const GOOD: [string, HookOn, (secret: string) => Notice][] = [
  ['GitHub', forge('github'), (secret) => gitHubPush(secret, 'd-1', { after })],
  ['GitLab', forge('gitlab'), (secret) => gitLabPush(secret, 'u-1', { after })],
  [
    'GitLab, signed',
    forge('gitlab'),
    (secret) => gitLabPush(secret, 'u-1', { after }, { id: 'w-1', seconds }),
  ],
  ['Gitea', forge('gitea'), (secret) => giteaPush(secret, 'd-1', { after })],
  ['a registry, bearer', registry('distribution'), (secret) => distribution(`Bearer ${secret}`, [image])],
  [
    'a registry, basic',
    registry('distribution'),
    (secret) => distribution(`Basic ${Buffer.from(`slipway:${secret}`).toString('base64')}`, [image]),
  ],
  ['Harbor', registry('harbor'), (secret) => harbor(secret, image)],
  ['Docker Hub', registry('dockerhub'), (secret) => dockerHub(secret, image)],
  ['GHCR', registry('ghcr'), (secret) => ghcr(secret, 'd-1', image)],
];

describe.each(GOOD)('%s', (_name, on, notice) => {
  test('is known by its secret, and read', () => {
    const { events } = take(on, notice(SECRET));
    const pushed = { kind: 'push', branch: 'main', after, repository: 'acme/images', by: 'ann' };
    const image = { kind: 'image', image: expect.stringMatching(/acme\/app:v1$/) };
    expect(events).toMatchObject([on.kind === 'push' ? pushed : image]);
  });

  test('is refused with another secret, with none, and with another body', () => {
    expect(codeOfTaking(on, notice(`${SECRET}x`))).toBe('HOOK_SIGNATURE_INVALID');
    const { headers, body } = notice(SECRET);
    const bare = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !/signature|token|authorization/.test(name)),
    );
    expect(codeOfTaking(on, { headers: bare, body })).toBe('HOOK_SIGNATURE_INVALID');
    const isSigned = Object.keys(headers).some((name) => name.includes('signature'));
    const changed = codeOfTaking(on, { ...notice(SECRET), body: body.replace('acme', 'evil') });
    expect(changed).toBe(isSigned ? 'HOOK_SIGNATURE_INVALID' : 'nothing');
  });
});

test('what GitLab signed long ago is refused, and what is signed with a signing token is known', () => {
  const old = gitLabPush(SECRET, 'u-1', { after }, { id: 'w-1', seconds: seconds - 301 });
  expect(codeOfTaking(forge('gitlab'), old)).toBe('HOOK_SIGNATURE_INVALID');
  // From the specification of Standard Webhooks.
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const hook = { headers, body: Buffer.from('{"test": 2432232314}') };
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(verifyHook(forge('gitlab'), secret, hook, new Date(1614265330_000)).eventId).toBe(
    headers['webhook-id'],
  );
});

test.each<[string, HookOn, Notice, RegExp]>([
  ['a ping', forge('github'), gitHubPing(SECRET), /ping/],
  ['a tag', forge('github'), gitHubPush(SECRET, 'd', { after, ref: 'refs/tags/v1' }), /tag/],
  ['a tag of GitLab', forge('gitlab'), gitLabPush(SECRET, 'u', { after, ref: 'refs/tags/v1' }), /tag/],
  [
    'a deletion',
    forge('github'),
    gitHubPush(SECRET, 'd', { before: after, after: '0'.repeat(40) }),
    /deleted/,
  ],
  [
    'a deletion of GitLab',
    forge('gitlab'),
    gitLabPush(SECRET, 'u', { before: after, after: '0'.repeat(40) }),
    /deleted/,
  ],
  ['another event', forge('github'), gitHub(SECRET, 'd', 'issues', '{}'), /issues/],
  ['a pull', registry('distribution'), distribution(`Bearer ${SECRET}`, [image], 'pull'), /no tag/],
])('%s asks for nothing', (_name, on, notice, reason) => {
  const [event] = take(on, notice).events;
  expect(event).toMatchObject({ kind: 'ignored', reason: expect.stringMatching(reason) });
});

test('one notice of a registry may be about several images, and about layers', () => {
  const { tag: _tag, ...layer } = image;
  const other = { ...image, name: 'acme/db', id: 'e-2' };
  const { events } = take(registry('distribution'), distribution(`Bearer ${SECRET}`, [image, layer, other]));
  expect(events).toMatchObject([
    { image: 'registry.example/acme/app:v1', digest: image.digest, eventId: 'e-1' },
    { image: 'registry.example/acme/db:v1', eventId: 'e-2' },
  ]);
});

test.each(['', 'payload=%7B%7D', '[]', '{"ref":"refs/heads/main"}', '{"ref":1,"before":"x"}'])(
  'a body that is no push is told as such: %s',
  (body) => {
    expect(codeOfTaking(forge('github'), gitHub(SECRET, 'd', 'push', body))).toBe('HOOK_PAYLOAD_INVALID');
  },
);

test('two branches pushed at once are two notices, though GitLab gives them one id', () => {
  const [one, two] = ['refs/heads/a', 'refs/heads/b'].map((ref) =>
    take(forge('gitlab'), gitLabPush(SECRET, 'u-1', { after, ref })),
  );
  expect(one?.verified.eventId).not.toBe(two?.verified.eventId);
});
