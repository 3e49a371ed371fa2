import type { LockChange } from '@slipway/lock';
import { ChannelName, TriggerOn, TriggerRule } from '@slipway/protocol';
import { expect, test } from 'vitest';
import { parseImageFiles } from '@slipway/image-spec';
import { decide, type Decision, type Look } from './decisions.ts';

const APP = 'docker.io/acme/app:v1';
const app: LockChange = { kind: 'image', arch: 'amd64', name: APP, was: 'sha256:1', is: 'sha256:2' };
const libc: LockChange = { kind: 'package', arch: 'amd64', set: 'base', name: 'libc6', was: '1', is: '2' };
const spec = parseImageFiles([{ name: 'edge.yml', text: `init: ['${APP}']\n` }]);

const look = (of: Partial<Look> & { readonly found?: readonly LockChange[] | undefined }): Look => ({
  facts: {},
  rule: TriggerRule.parse({}),
  inputs: { spec, paths: ['classes/edge.yml', 'edge.yml', 'slipway.lock'], images: [APP] },
  pinned: () => new Set([APP]),
  refresh: () => Promise.resolve(of.found),
  ...of,
});
const main = { name: 'main', usual: 'main' };
const next = { name: 'next/3', usual: 'main' };
const branches = TriggerRule.parse({ branches: [{ match: 'next/*', channel: 'beta' }] });
const pushed = { image: APP, digest: 'sha256:2' };
const built = { inputs: {} };

test.each<[kind: string, what: string, on: object, look: Look, becomes: Decision]>([
  [
    'push',
    'to a branch of its rule',
    {},
    look({ branch: next, rule: branches }),
    { ...built, facts: {}, channel: ChannelName.parse('beta') },
  ],
  ['push', 'to another', {}, look({ branch: main, rule: branches }), { skip: 'branch main is not built' }],
  [
    'push',
    'without a rule, to the branch of the source',
    {},
    look({ branch: main }),
    { ...built, facts: {} },
  ],
  [
    'push',
    'of nothing that it has',
    {},
    look({ branch: main, changed: ['README.md'] }),
    { skip: 'none of its files is among the 1 that changed' },
  ],
  [
    'push',
    'of its image file',
    {},
    look({ branch: main, changed: ['README.md', 'edge.yml'] }),
    { ...built, facts: { files: ['edge.yml'] } },
  ],
  [
    'push',
    'where it is not known what changed',
    {},
    look({ branch: main, changed: undefined }),
    { ...built, facts: {} },
  ],
  [
    'registry',
    'an image of no use',
    {},
    look({ facts: { image: 'acme/web:v1' } }),
    { skip: 'it does not use acme/web:v1' },
  ],
  [
    'registry',
    'an image of no use that the trigger names',
    { images: ['acme/*'] },
    look({ facts: { image: 'acme/web:v1', digest: 'sha256:3' }, pinned: () => new Set() }),
    { inputs: { 'acme/web:v1': 'sha256:3' } },
  ],
  [
    'registry',
    'an image that no lock pins',
    {},
    look({ facts: pushed, pinned: () => new Set() }),
    { inputs: { [APP]: 'sha256:2' } },
  ],
  [
    'registry',
    'an image that is new',
    {},
    look({ facts: pushed, found: [app] }),
    { ...built, facts: { changes: [app] } },
  ],
  [
    'registry',
    'an image that is new, with a package that another trigger found',
    {},
    look({ facts: pushed, found: [libc, app] }),
    { ...built, facts: { changes: [app] } },
  ],
  [
    'registry',
    'an image that it has',
    {},
    look({ facts: pushed, found: [libc] }),
    { skip: `its lock has what ${APP} stands for already` },
  ],
  [
    'upstream',
    'looked at for the first time',
    {},
    look({ found: undefined }),
    { skip: 'looked at for the first time; the next look has something to compare' },
  ],
  ['upstream', 'nothing new', {}, look({ found: [] }), { skip: 'nothing it is made of has changed' }],
  [
    'upstream',
    'an image and a package',
    {},
    look({ found: [app, libc] }),
    { ...built, facts: { changed: 2, changes: [app, libc] } },
  ],
  [
    'release',
    'of the class that it is made on',
    { deviceClass: 'base' },
    look({ facts: { release: 'rel_1' } }),
    { inputs: { 'release:base': 'rel_1' } },
  ],
  ['cron', 'its time', { schedule: '0 2 * * *' }, look({}), built],
])('%s: %s', async (kind, _what, on, looked, becomes) => {
  const more = { push: { forge: 'github' }, registry: { sender: 'harbor' } }[kind] ?? {};
  const trigger = TriggerOn.parse({ kind, ...more, ...on });
  const cause = trigger.kind === 'cron' ? 'schedule' : trigger.kind === 'push' ? 'webhook' : trigger.kind;
  expect(await decide(trigger, cause, looked)).toEqual(becomes);
  expect(await decide(trigger, 'manual', looked)).toEqual({ inputs: {} });
});

test('of many changes the first are shown, and how many there are', async () => {
  const found = Array.from({ length: 50 }, (_, at) => ({ ...libc, name: `lib-${at}` }));
  expect(await decide(TriggerOn.parse({ kind: 'upstream' }), 'upstream', look({ found }))).toEqual({
    inputs: {},
    facts: { changed: 50, changes: found.slice(0, 20) },
  });
});
