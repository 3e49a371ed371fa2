const BY_PREFIX: Readonly<Record<string, (id: string) => string>> = {
  bld: (id) => `/builds/${id}`,
  rel: (id) => `/releases/${id}`,
  rol: (id) => `/rollouts/${id}`,
  clm: (id) => `/settings/claims?claim=${id}`,
  trg: (id) => `/settings/triggers?trigger=${id}`,
  whk: (id) => `/settings/webhooks?webhook=${id}`,
  usr: () => '/settings/users',
  tok: () => '/settings/tokens',
  ses: () => '/settings/sessions',
  src: () => '/settings/triggers',
};

const OF_DEVICES = /^(?:device|virtual-device|command|registration)\./;

/** Where what an entry is about can be seen; undefined: nowhere. */
export const placeOf = ({
  action,
  subject,
}: {
  readonly action: string;
  readonly subject: string;
}): string | undefined => {
  const [prefix = '', rest] = subject.split('_');
  if (rest !== undefined && prefix in BY_PREFIX) return BY_PREFIX[prefix]?.(subject);
  if (OF_DEVICES.test(action)) return `/devices/${encodeURIComponent(subject)}`;
  if (action.startsWith('key.')) return `/settings/keys?key=${subject}`;
  if (action.startsWith('fleet.')) return '/settings/instance';
  return undefined;
};
