import { messageOf, SlipwayError } from '@slipway/protocol';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import type { RegistriesConfig } from './config.ts';
import type { Environment } from './credentials.ts';
import { canonicalHost, isLoopback } from './host.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** without a byte */
const BODY_TIMEOUT_MS = 60_000;

/** HTTP connections, one pool per registry because each may have its own authorities and client certificate. */
export type Connections = {
  /**
   * @param url what is asked
   * @param registry whose authorities are trusted: storage that a registry redirects to is often certified alike
   */
  readonly dispatcherFor: (url: URL, registry: string) => Promise<Dispatcher>;
};

type Certificates = { ca: string[]; cert?: string; key?: string };

const pem = async (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw new SlipwayError('REGISTRIES_INVALID', `${file}: ${messageOf(error)}`, {
      cause: error,
      details: { file },
    });
  });

/** OpenSSL passes over what is no certificate, and then nothing is trusted. */
const authority = async (file: string): Promise<string> => {
  const text = await pem(file);
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new SlipwayError('REGISTRIES_INVALID', `${file}: expected certificates as PEM`, {
      details: { file },
    });
  return text;
};

/** `certs.d` of docker and podman: `*.crt` are authorities, `NAME.cert` with `NAME.key` are for the client. */
const fromFolder = async (folder: string): Promise<Certificates> => {
  const names = (await readdir(folder).catch((): string[] => [])).sort();
  const certificates: Certificates = {
    ca: await Promise.all(
      names.filter((name) => name.endsWith('.crt')).map(async (name) => authority(join(folder, name))),
    ),
  };
  const client = names.find(
    (name) => name.endsWith('.cert') && names.includes(name.replace(/\.cert$/, '.key')),
  );
  if (client !== undefined) {
    certificates.cert = await pem(join(folder, client));
    certificates.key = await pem(join(folder, client.replace(/\.cert$/, '.key')));
  }
  return certificates;
};

export const createConnections = (
  config: RegistriesConfig,
  environment: Environment,
  home: string,
): Connections => {
  const { XDG_CONFIG_HOME } = environment;
  const folders = [
    join(XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'certs.d'),
    '/etc/containers/certs.d',
    '/etc/docker/certs.d',
  ];
  const agents = new Map<string, Promise<Dispatcher>>();

  const certificatesOf = async (registry: string): Promise<Certificates> => {
    const entry = config.get(canonicalHost(registry));
    const configured: Certificates = { ca: await Promise.all((entry?.caFiles ?? []).map(authority)) };
    if (entry?.clientCert !== undefined && entry.clientKey !== undefined) {
      configured.cert = await pem(entry.clientCert);
      configured.key = await pem(entry.clientKey);
    }
    const found = await Promise.all(folders.map(async (folder) => fromFolder(join(folder, registry))));
    const client = [configured, ...found].find(({ cert }) => cert !== undefined);
    return {
      ca: [configured, ...found].flatMap(({ ca }) => ca),
      ...(client?.cert === undefined || client.key === undefined
        ? {}
        : { cert: client.cert, key: client.key }),
    };
  };

  const secureContext = async (registry: string, own: boolean): Promise<SecureContext> => {
    const { ca, cert, key } = await certificatesOf(registry);
    // Node looks at its own list; other clients of registries look at the system's.
    const trusted = [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...ca])];
    try {
      return createSecureContext({
        ca: trusted,
        ...(own && cert !== undefined && key !== undefined ? { cert, key } : {}),
      });
    } catch (error) {
      throw new SlipwayError(
        'REGISTRIES_INVALID',
        `the certificates or the key for ${registry} cannot be used: ${messageOf(error)}; expected PEM files`,
        { cause: error, details: { registry } },
      );
    }
  };

  const create = async (
    registry: string,
    loopback: boolean,
    tls: boolean,
    own: boolean,
  ): Promise<Dispatcher> => {
    const requestTls = {
      timeout: CONNECT_TIMEOUT_MS,
      ...(tls ? { secureContext: await secureContext(registry, own) } : {}),
    };
    const options = {
      connect: requestTls,
      headersTimeout: HEADERS_TIMEOUT_MS,
      bodyTimeout: BODY_TIMEOUT_MS,
      allowH2: false,
    };
    if (loopback) return new Agent(options);
    return new EnvHttpProxyAgent({
      ...options,
      requestTls,
      proxyTls: { timeout: CONNECT_TIMEOUT_MS },
      // Nothing leaves this machine without TLS, so there is no proxy for plain http.
      httpProxy: '',
      httpsProxy: environment['https_proxy'] || environment['HTTPS_PROXY'] || '',
      noProxy: environment['no_proxy'] || environment['NO_PROXY'] || '',
    });
  };

  return {
    dispatcherFor: async (url, registry) => {
      const loopback = isLoopback(url.hostname);
      const tls = url.protocol === 'https:';
      // The registry's client certificate is for the registry.
      const own = url.host === new URL(`${url.protocol}//${registry}`).host;
      const key = JSON.stringify([registry, loopback, tls, own]);
      const agent = agents.get(key) ?? create(registry, loopback, tls, own);
      agents.set(key, agent);
      return agent;
    },
  };
};
