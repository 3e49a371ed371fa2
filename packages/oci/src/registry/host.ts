/** Docker Hub is called otherwise than its registry, and its credentials lie under a third name. */
export const HUB = 'docker.io';
export const HUB_CREDENTIALS = 'https://index.docker.io/v1/';
const HUB_REGISTRY = 'registry-1.docker.io';
const HUB_NAMES: readonly string[] = [HUB, 'index.docker.io', HUB_REGISTRY];

/** One name per registry. */
export const canonicalHost = (host: string): string => {
  const lower = host.toLowerCase();
  return HUB_NAMES.includes(lower) ? HUB : lower;
};

/** Where a registry listens. */
export const networkHost = (registry: string): string =>
  canonicalHost(registry) === HUB ? HUB_REGISTRY : registry;

/** This machine: what is sent there passes no network, so it needs no TLS. */
export const isLoopback = (hostname: string): boolean => {
  const name = hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
};
