import { BranchName, SlipwayError, type HookOn } from '@slipway/protocol';
import { z } from 'zod';
import { senderOf, type Verified } from './verify-hook.ts';

/** What a notice is about. */
export type HookEvent =
  | {
      readonly kind: 'push';
      readonly branch: string;
      readonly before: string;
      readonly after: string;
      readonly repository: string;
      readonly by: string;
    }
  | {
      readonly kind: 'image';
      /** as in an image file: `HOST/NAME:TAG` */
      readonly image: string;
      readonly digest: string | null;
      readonly by: string | null;
      /** that the registry gave this one of several */
      readonly eventId: string | null;
    }
  /** it asks for nothing; `quiet`: not even to be remembered */
  | { readonly kind: 'ignored'; readonly reason: string; readonly quiet?: boolean };

const text = z.string().max(1000);
const commit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const isZero = (id: string): boolean => /^0+$/.test(id);

const GitHubPush = z.object({
  ref: text,
  before: commit,
  after: commit,
  deleted: z.boolean().optional(),
  repository: z.object({ full_name: text }),
  pusher: z.object({ name: text }).optional(),
});
const GitLabPush = z.object({
  object_kind: z.enum(['push', 'tag_push']),
  ref: text,
  before: commit,
  after: commit,
  user_username: text.nullish(),
  user_name: text.nullish(),
  project: z.object({ path_with_namespace: text }),
});
const GiteaPush = z.object({
  ref: text,
  before: commit,
  after: commit,
  repository: z.object({ full_name: text }),
  pusher: z.object({ login: text }).optional(),
});

type Push = { ref: string; before: string; after: string; repository: string; by: string | null | undefined };

const pushOf = ({ ref, before, after, repository, by }: Push): HookEvent => {
  if (ref.startsWith('refs/tags/')) return { kind: 'ignored', reason: `${ref} is a tag; branches are built` };
  const branch = BranchName.safeParse(ref.replace(/^refs\/heads\//, ''));
  if (!ref.startsWith('refs/heads/') || !branch.success)
    return { kind: 'ignored', reason: `${ref.slice(0, 200)} is no branch that can be built` };
  if (isZero(after)) return { kind: 'ignored', reason: `branch ${branch.data} was deleted` };
  return { kind: 'push', branch: branch.data, before, after, repository, by: by ?? 'somebody' };
};

const readForge = (forge: 'github' | 'gitlab' | 'gitea', event: string, body: unknown): HookEvent[] => {
  if (event === 'ping') return [{ kind: 'ignored', reason: 'a ping: the secret is right' }];
  if (forge === 'gitlab') {
    if (event !== 'Push Hook' && event !== 'Tag Push Hook' && event !== 'System Hook')
      return [unknown(event)];
    const kind = z.object({ object_kind: text.optional(), event_name: text.optional() }).safeParse(body);
    const name = kind.data?.object_kind ?? kind.data?.event_name ?? '';
    if (event === 'System Hook' && name !== 'push' && name !== 'tag_push')
      return [unknown(`${event} ${name}`)];
    const push = GitLabPush.parse(body);
    const by = push.user_username ?? push.user_name;
    return [pushOf({ ...push, repository: push.project.path_with_namespace, by })];
  }
  if (event !== 'push') return [unknown(event)];
  if (forge === 'github') {
    const push = GitHubPush.parse(body);
    if (push.deleted === true) return [pushOf({ ...push, after: '0', repository: '', by: null })];
    return [pushOf({ ...push, repository: push.repository.full_name, by: push.pusher?.name })];
  }
  const push = GiteaPush.parse(body);
  return [pushOf({ ...push, repository: push.repository.full_name, by: push.pusher?.login })];
};

const unknown = (event: string): HookEvent => ({
  kind: 'ignored',
  reason: `${event === '' ? 'an event without a name' : event.slice(0, 100)} is nothing that builds`,
});

const Distribution = z.object({
  events: z
    .array(
      z.object({
        id: text,
        action: text,
        target: z.object({ repository: text.optional(), tag: text.optional(), digest: text.optional() }),
        request: z.object({ host: text.optional() }).optional(),
        actor: z.object({ name: text.optional() }).optional(),
      }),
    )
    .max(1000),
});
const Harbor = z.object({
  type: text,
  operator: text.optional(),
  event_data: z
    .object({
      resources: z.array(
        z.object({ digest: text.optional(), tag: text.optional(), resource_url: text.optional() }),
      ),
    })
    .optional(),
});
const DockerHub = z.object({
  push_data: z.object({ tag: text, pusher: text.optional() }),
  repository: z.object({ repo_name: text }),
});
const Ghcr = z.object({ action: text });
const GhcrPackage = z.object({
  name: text,
  namespace: text.nullish(),
  owner: z.object({ login: text }).nullish(),
  package_type: text,
  package_version: z
    .object({
      version: text.nullish(),
      container_metadata: z
        .object({ tag: z.object({ name: text.nullish(), digest: text.nullish() }).nullish() })
        .nullish(),
    })
    .nullish(),
});

const NO_TAG: HookEvent = { kind: 'ignored', reason: 'no tag was pushed', quiet: true };

const readRegistry = (
  sender: 'distribution' | 'harbor' | 'dockerhub' | 'ghcr',
  { event, eventId }: Verified,
  body: unknown,
): HookEvent[] => {
  if (sender === 'distribution') {
    // Layers and pulls come in great number; nothing of them is kept.
    const pushes = Distribution.parse(body).events.flatMap((one): HookEvent[] => {
      const { repository, tag, digest } = one.target;
      const host = one.request?.host;
      if (one.action !== 'push' || repository === undefined || tag === undefined || host === undefined)
        return [];
      const by = one.actor?.name ?? null;
      return [
        { kind: 'image', image: `${host}/${repository}:${tag}`, digest: digest ?? null, by, eventId: one.id },
      ];
    });
    return pushes.length === 0 ? [NO_TAG] : pushes;
  }
  if (sender === 'harbor') {
    const { type, operator, event_data: data } = Harbor.parse(body);
    if (type !== 'PUSH_ARTIFACT' && type !== 'pushImage') return [unknown(type)];
    const pushes = (data?.resources ?? []).flatMap(({ resource_url: url, tag, digest }): HookEvent[] =>
      url === undefined || tag === undefined
        ? []
        : [{ kind: 'image', image: url, digest: digest ?? null, by: operator ?? null, eventId: null }],
    );
    return pushes.length === 0 ? [NO_TAG] : pushes;
  }
  if (sender === 'dockerhub') {
    const { push_data: push, repository } = DockerHub.parse(body);
    const image = `docker.io/${repository.repo_name}:${push.tag}`;
    return [{ kind: 'image', image, digest: null, by: push.pusher ?? null, eventId: null }];
  }
  if (event === 'ping') return [{ kind: 'ignored', reason: 'a ping: the secret is right' }];
  if (event !== 'package' && event !== 'registry_package') return [unknown(event)];
  if (Ghcr.parse(body).action !== 'published') return [unknown(`${event} that is not published`)];
  const found = z
    .union([
      z.object({ package: GhcrPackage }).transform((all) => all.package),
      z.object({ registry_package: GhcrPackage }).transform((all) => all.registry_package),
    ])
    .parse(body);
  const tag = found.package_version?.container_metadata?.tag;
  const owner = found.owner?.login ?? found.namespace;
  if (found.package_type.toLowerCase() !== 'container' || owner == null || !tag?.name) return [NO_TAG];
  const image = `ghcr.io/${`${owner}/${found.name}`.toLowerCase()}:${tag.name}`;
  const digest = tag.digest ?? found.package_version?.version ?? null;
  return [{ kind: 'image', image, digest, by: null, eventId }];
};

/**
 * Reads a notice that was verified.
 *
 * @throws {SlipwayError} HOOK_PAYLOAD_INVALID
 */
export const readHook = (on: HookOn, verified: Verified, body: Buffer): HookEvent[] => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const sender = senderOf(on);
    return sender === 'github' || sender === 'gitlab' || sender === 'gitea'
      ? readForge(sender, verified.event, value)
      : readRegistry(sender, verified, value);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : 'no JSON';
    throw new SlipwayError(
      'HOOK_PAYLOAD_INVALID',
      `Expected a notice as ${senderOf(on)} sends it, in JSON; found ${why.slice(0, 400)}. ` +
        'Choose the content type application/json there, and check the kind of this trigger.',
      { cause },
    );
  }
};
