import { createHmac } from 'node:crypto';

/**
 * Notices in the shape that forges and registries send, with the fields that theirs have. Signed here on their own, not
 * by what verifies them.
 */
export type Notice = {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly query?: string;
};

const ZERO = '0'.repeat(40);
const hex = (secret: string, body: string): string => createHmac('sha256', secret).update(body).digest('hex');

export type Pushed = {
  readonly before?: string;
  readonly after: string;
  readonly ref?: string;
  readonly repository?: string;
  readonly files?: readonly string[];
};

const commitsOf = ({ after, files = [] }: Pushed) => [
  {
    id: after,
    tree_id: 'f9d2a07e9488b91af2641b26b9407fe22a451433',
    distinct: true,
    message: 'a change',
    timestamp: '2026-11-20T10:11:12+01:00',
    url: `https://forge.example/acme/images/commit/${after}`,
    author: { name: 'Ann', email: 'ann@example.org', username: 'ann' },
    committer: { name: 'Ann', email: 'ann@example.org', username: 'ann' },
    added: [],
    removed: [],
    modified: files,
  },
];

/** https://docs.github.com/webhooks/webhook-events-and-payloads#push */
export const gitHubPush = (secret: string, delivery: string, pushed: Pushed): Notice => {
  const { before = ZERO, after, ref = 'refs/heads/main', repository = 'acme/images' } = pushed;
  const body = JSON.stringify({
    ref,
    before,
    after,
    repository: {
      id: 186853002,
      node_id: 'MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=',
      name: repository.split('/')[1],
      full_name: repository,
      private: true,
      owner: { name: 'acme', login: 'acme', id: 21031067, type: 'Organization' },
      html_url: `https://github.com/${repository}`,
      clone_url: `https://github.com/${repository}.git`,
      ssh_url: `git@github.com:${repository}.git`,
      default_branch: 'main',
      pushed_at: 1763629872,
    },
    pusher: { name: 'ann', email: 'ann@example.org' },
    sender: { login: 'ann', id: 21031067, type: 'User', site_admin: false },
    created: before === ZERO,
    deleted: after === ZERO,
    forced: false,
    base_ref: null,
    compare: `https://github.com/${repository}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: after === ZERO ? [] : commitsOf(pushed),
    head_commit: after === ZERO ? null : commitsOf(pushed)[0],
  });
  return gitHub(secret, delivery, 'push', body);
};

export const gitHub = (secret: string, delivery: string, event: string, body: string): Notice => ({
  headers: {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/044aadd',
    accept: '*/*',
    'x-github-delivery': delivery,
    'x-github-event': event,
    'x-github-hook-id': '292430182',
    'x-github-hook-installation-target-id': '79929171',
    'x-github-hook-installation-target-type': 'repository',
    'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
    'x-hub-signature-256': `sha256=${hex(secret, body)}`,
  },
  body,
});

export const gitHubPing = (secret: string): Notice =>
  gitHub(
    secret,
    '0b989ba4-242f-11e5-81e1-c7b6966d2516',
    'ping',
    JSON.stringify({
      zen: 'Design for failure.',
      hook_id: 292430182,
      hook: {
        type: 'Repository',
        id: 292430182,
        name: 'web',
        active: true,
        events: ['push'],
        config: {
          content_type: 'json',
          insecure_ssl: '0',
          secret: '********',
          url: 'https://slipway.example/hooks/x',
        },
      },
      repository: { id: 186853002, full_name: 'acme/images' },
      sender: { login: 'ann', id: 21031067 },
    }),
  );

/** https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events */
export const gitLabPush = (
  secret: string,
  eventUuid: string,
  pushed: Pushed,
  sign?: { readonly id: string; readonly seconds: number },
): Notice => {
  const { before = ZERO, after, ref = 'refs/heads/main', repository = 'acme/images' } = pushed;
  const isTag = ref.startsWith('refs/tags/');
  const body = JSON.stringify({
    object_kind: isTag ? 'tag_push' : 'push',
    event_name: isTag ? 'tag_push' : 'push',
    before,
    after,
    ref,
    ref_protected: true,
    checkout_sha: after === ZERO ? null : after,
    message: null,
    user_id: 4,
    user_name: 'Ann',
    user_username: 'ann',
    user_email: '',
    user_avatar: 'https://gitlab.example/uploads/-/system/user/avatar/4/avatar.png',
    project_id: 15,
    project: {
      id: 15,
      name: 'images',
      description: '',
      web_url: `https://gitlab.example/${repository}`,
      git_ssh_url: `git@gitlab.example:${repository}.git`,
      git_http_url: `https://gitlab.example/${repository}.git`,
      namespace: 'acme',
      visibility_level: 0,
      path_with_namespace: repository,
      default_branch: 'main',
    },
    commits: after === ZERO ? [] : commitsOf(pushed),
    total_commits_count: after === ZERO ? 0 : 1,
    push_options: {},
    repository: { name: 'images', url: `git@gitlab.example:${repository}.git`, visibility_level: 0 },
  });
  const signed = (id: string, seconds: number): Record<string, string> => ({
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64')}`,
  });
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitLab/18.5.0',
      'x-gitlab-event': isTag ? 'Tag Push Hook' : 'Push Hook',
      'x-gitlab-event-uuid': eventUuid,
      'x-gitlab-instance': 'https://gitlab.example',
      'x-gitlab-webhook-uuid': '02affd2d-2cba-4033-917d-ec22d5dc4b38',
      ...(sign === undefined ? { 'x-gitlab-token': secret } : signed(sign.id, sign.seconds)),
    },
    body,
  };
};

/** https://docs.gitea.com/usage/webhooks */
export const giteaPush = (secret: string, delivery: string, pushed: Pushed): Notice => {
  const { before = ZERO, after, ref = 'refs/heads/main', repository = 'acme/images' } = pushed;
  const user = { id: 1, login: 'ann', full_name: 'Ann', email: 'ann@noreply.example', username: 'ann' };
  const body = JSON.stringify({
    ref,
    before,
    after,
    compare_url: `https://gitea.example/${repository}/compare/${before}...${after}`,
    commits: commitsOf(pushed),
    total_commits: 1,
    head_commit: commitsOf(pushed)[0],
    repository: {
      id: 140,
      owner: user,
      name: repository.split('/')[1],
      full_name: repository,
      private: false,
      html_url: `https://gitea.example/${repository}`,
      ssh_url: `ssh://git@gitea.example:2222/${repository}.git`,
      clone_url: `https://gitea.example/${repository}.git`,
      default_branch: 'main',
    },
    pusher: user,
    sender: user,
  });
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Go-http-client/1.1',
      'x-gitea-delivery': delivery,
      'x-gitea-event': 'push',
      'x-gitea-event-type': 'push',
      'x-gitea-signature': hex(secret, body),
      'x-gogs-delivery': delivery,
      'x-gogs-event': 'push',
      'x-gogs-signature': hex(secret, body),
      'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
      'x-hub-signature-256': `sha256=${hex(secret, body)}`,
      'x-github-delivery': delivery,
      'x-github-event': 'push',
    },
    body,
  };
};

export type PushedImage = {
  readonly host: string;
  readonly name: string;
  readonly tag?: string;
  readonly digest: string;
  readonly id: string;
};

/** https://distribution.github.io/distribution/about/notifications/ */
export const distribution = (
  authorization: string,
  images: readonly PushedImage[],
  action = 'push',
): Notice => ({
  headers: {
    'content-type': 'application/vnd.docker.distribution.events.v2+json',
    'user-agent': 'Go-http-client/1.1',
    authorization,
  },
  body: JSON.stringify({
    events: images.map(({ host, name, tag, digest, id }) => ({
      id,
      timestamp: '2026-11-20T10:11:12.123456789Z',
      action,
      target: {
        mediaType: 'application/vnd.oci.image.index.v1+json',
        digest,
        size: 856,
        length: 856,
        repository: name,
        url: `https://${host}/v2/${name}/manifests/${digest}`,
        ...(tag === undefined ? {} : { tag }),
      },
      request: {
        id: '71a3de8e-0ab0-4b61-8bb0-8ff4e6e5b1f1',
        addr: '192.0.2.7:50302',
        host,
        method: 'PUT',
        useragent: 'containers/5.34.0',
      },
      actor: { name: 'ci' },
      source: { addr: 'registry-0:5000', instanceID: 'f0b4a2a9-6a57-4bf0-9b9d-3f1c6f6b7b4d' },
    })),
  }),
});

/** https://goharbor.io/docs/working-with-projects/project-configuration/configure-webhooks/ */
export const harbor = (
  authorization: string,
  { host, name, tag = 'latest', digest }: PushedImage,
): Notice => ({
  headers: { 'content-type': 'application/json', 'user-agent': 'Go-http-client/1.1', authorization },
  body: JSON.stringify({
    type: 'PUSH_ARTIFACT',
    occur_at: 1763629872,
    operator: 'robot$ci',
    event_data: {
      resources: [{ digest, tag, resource_url: `${host}/${name}:${tag}` }],
      repository: {
        date_created: 1763529872,
        name: name.split('/')[1],
        namespace: name.split('/')[0],
        repo_full_name: name,
        repo_type: 'private',
      },
    },
  }),
});

/** https://docs.docker.com/docker-hub/repos/manage/webhooks/ */
export const dockerHub = (secret: string, { name, tag = 'latest' }: PushedImage): Notice => ({
  headers: { 'content-type': 'application/json' },
  query: `?token=${secret}`,
  body: JSON.stringify({
    callback_url: `https://registry.hub.docker.com/u/${name}/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/`,
    push_data: { pushed_at: 1763629872, pusher: 'ann', tag, images: [] },
    repository: {
      comment_count: 0,
      date_created: 1763529872,
      description: '',
      is_official: false,
      is_private: true,
      name: name.split('/')[1],
      namespace: name.split('/')[0],
      owner: name.split('/')[0],
      repo_name: name,
      repo_url: `https://registry.hub.docker.com/v2/repositories/${name}`,
      star_count: 0,
      status: 'Active',
    },
  }),
});

/** https://docs.github.com/webhooks/webhook-events-and-payloads#package */
export const ghcr = (
  secret: string,
  delivery: string,
  { name, tag = 'latest', digest }: PushedImage,
): Notice =>
  gitHub(
    secret,
    delivery,
    'package',
    JSON.stringify({
      action: 'published',
      package: {
        id: 10696276,
        name: name.split('/')[1],
        namespace: name.split('/')[0],
        description: '',
        ecosystem: 'CONTAINER',
        package_type: 'CONTAINER',
        html_url: `https://github.com/orgs/${name.split('/')[0]}/packages/container/package/${name.split('/')[1]}`,
        created_at: '2026-11-20T10:11:12Z',
        updated_at: '2026-11-20T10:11:12Z',
        owner: { login: name.split('/')[0], id: 21031067, type: 'Organization' },
        package_version: {
          id: 299087,
          version: digest,
          name: digest,
          description: '',
          html_url: 'https://github.com/',
          package_files: [],
          container_metadata: { tag: { name: tag, digest }, labels: {}, manifest: {} },
          installation_command: `docker pull ghcr.io/${name}:${tag}`,
        },
        registry: { name: 'GitHub CONTAINER registry', type: 'CONTAINER', vendor: 'GitHub Inc' },
      },
      repository: { id: 186853002, full_name: name },
      sender: { login: 'ann', id: 21031067 },
    }),
  );
