import type { Client } from '@slipway/client';

/** Every screen by the address that the dashboard gives it, and an address where there is something to see. */
export type ScreenAt = { readonly name: string; readonly route: string; readonly path: string };

/** @returns those of which the instance has something to show */
export const screensOf = async (client: Client): Promise<readonly ScreenAt[]> => {
  const first = async <T>(items: AsyncIterable<T>): Promise<T | undefined> => {
    for await (const item of items) return item;
    return undefined;
  };
  const [device, build, release, rollout, deviceClass] = await Promise.all([
    first(client.devices.list({ limit: 1 })),
    first(client.builds.list({ limit: 1 })),
    first(client.releases.list({ limit: 1 })),
    first(client.rollouts.list({ limit: 1 })),
    client.deviceClasses.list().then((all) => all[0]),
  ]);
  const one = (name: string, route: string, id: string | undefined): ScreenAt[] =>
    id === undefined ? [] : [{ name, route, path: route.replace(/:\w+/, encodeURIComponent(id)) }];
  const list = (name: string, route: string): ScreenAt => ({ name, route, path: route });
  return [
    list('overview', '/'),
    list('devices', '/devices'),
    ...one('device', '/devices/:id', device?.id),
    list('classes', '/classes'),
    ...one('class', '/classes/:name', deviceClass?.name),
    list('components', '/components'),
    ...one('component', '/components/:id', 'deb'),
    list('builds', '/builds'),
    ...one('build', '/builds/:id', build?.id),
    list('releases', '/releases'),
    ...one('release', '/releases/:id', release?.id),
    list('rollouts', '/rollouts'),
    list('planner', '/rollouts/new'),
    ...one('rollout', '/rollouts/:id', rollout?.id),
    list('field', '/field'),
    list('audit', '/audit'),
    list('settings', '/settings'),
    ...['users', 'tokens', 'keys'].flatMap((section) =>
      one(`settings-${section}`, '/settings/:section', section),
    ),
    list('start', '/start'),
  ];
};
