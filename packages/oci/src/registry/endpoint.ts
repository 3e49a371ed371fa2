import { networkHost } from './host.ts';

/** A place that serves repositories: the registry itself or a mirror of it. */
export type Endpoint = {
  /** host and port: what credentials and certificates are looked up by */
  readonly host: string;
  /** undefined: https, or on loopback whichever answers */
  readonly scheme: 'http' | 'https' | undefined;
  /** path before the repository's name, such as `proxy/hub/`; empty or with a slash at the end */
  readonly prefix: string;
  readonly mirror: boolean;
};

const prefixOf = (pathname: string): string => {
  const trimmed = pathname.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `${trimmed}/`;
};

/** In the order in which they are asked. */
export const endpointsOf = (registry: string, mirrors: readonly URL[]): readonly Endpoint[] => [
  ...mirrors.map(({ protocol, host, pathname }) => ({
    host,
    scheme: protocol === 'http:' ? ('http' as const) : ('https' as const),
    prefix: prefixOf(pathname),
    mirror: true,
  })),
  { host: networkHost(registry), scheme: undefined, prefix: '', mirror: false },
];
