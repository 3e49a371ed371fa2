import type { Client } from '@slipway/client';

/** A screen by the address that the dashboard gives it, and an address at which there is something to see. */
export type ScreenAt = { readonly name: string; readonly path: string };

const SETTINGS = [
  'profile',
  'users',
  'tokens',
  'sessions',
  'keys',
  'claims',
  'triggers',
  'webhooks',
  'retention',
  'instance',
];

const first = async <T>(items: AsyncIterable<T>): Promise<T | undefined> => {
  for await (const item of items) return item;
  return undefined;
};

type Ids = (client: Client) => Promise<readonly (string | undefined)[]>;
const one =
  (ask: (client: Client) => Promise<{ readonly id: string } | undefined>): Ids =>
  async (client) => [(await ask(client))?.id];

/** Every screen: its name, its route, and what may stand in its place of an id. */
const SCREENS: readonly (readonly [name: string, route: string, ids?: Ids])[] = [
  ['overview', '/'],
  ['devices', '/devices'],
  ['device', '/devices/:id', one((client) => first(client.devices.list({ limit: 1 })))],
  [
    'device-history',
    '/devices/:id?tab=history',
    one((client) => first(client.devices.list({ limit: 1, query: 'online' }))),
  ],
  [
    'device-certificate',
    '/devices/:id?tab=certificate',
    one((client) => first(client.devices.list({ limit: 1 }))),
  ],
  ['classes', '/classes'],
  [
    'class',
    '/classes/:name',
    async (client) => (await client.deviceClasses.list()).slice(0, 1).map(({ name }) => name),
  ],
  ['repository', '/repository'],
  ['components', '/components'],
  ['component', '/components/:id', one((client) => first(client.components.list({ limit: 1 })))],
  ['builds', '/builds'],
  ['build', '/builds/:id', one((client) => first(client.builds.list({ limit: 1, state: 'succeeded' })))],
  ['releases', '/releases'],
  ['release', '/releases/:id', one((client) => first(client.releases.list({ limit: 1 })))],
  ['rollouts', '/rollouts'],
  ['planner', '/rollouts/new'],
  [
    'rollout',
    '/rollouts/:id',
    async (client) => (await client.rollouts.list().all()).slice(0, 2).map(({ id }) => id),
  ],
  ['field', '/field'],
  ['audit', '/audit'],
  ['settings', '/settings'],
  ['settings', '/settings/:section', async () => SETTINGS],
  ['start', '/start'],
];

export const ROUTES: readonly string[] = SCREENS.map(([, route]) => route);

/** @returns those of which the instance has something to show */
export const screensOf = async (client: Client): Promise<readonly ScreenAt[]> => {
  const found = await Promise.all(
    SCREENS.map(async ([name, route, ids]): Promise<ScreenAt[]> => {
      if (ids === undefined) return [{ name, path: route }];
      const known = (await ids(client)).filter((id) => id !== undefined);
      return known.map((id, at) => ({
        name: route === '/settings/:section' ? `${name}-${id}` : at === 0 ? name : `${name}-${at + 1}`,
        path: route.replace(/:\w+/, encodeURIComponent(id)),
      }));
    }),
  );
  return found.flat();
};
