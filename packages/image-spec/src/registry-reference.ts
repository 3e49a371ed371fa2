import { Digest } from '@slipway/protocol';

/** An image of a registry, with Docker's short forms written out. */
export type RegistryReference = {
  readonly type: 'registry';
  /** host, with the port if one is named: `docker.io`, `localhost:5000` */
  readonly registry: string;
  /** `library/alpine` */
  readonly repository: string;
  /** `latest` if neither tag nor digest is written */
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
};

export const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::\\d{1,5})?$`);
const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
/** of registry and repository together, as Docker has it */
const MAX_NAME = 255;

/** Cuts `@sha256:…` off the end. @returns undefined if what follows `@` is no digest */
export const splitDigest = (text: string): { rest: string; digest: Digest | undefined } | undefined => {
  const at = text.lastIndexOf('@sha256:');
  if (at < 0) return text.includes('@') ? undefined : { rest: text, digest: undefined };
  const digest = Digest.safeParse(text.slice(at + 1));
  const rest = text.slice(0, at);
  return digest.success && !rest.includes('@') ? { rest, digest: digest.data } : undefined;
};

const isHost = (first: string): boolean =>
  first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();

/**
 * Reads a reference as Docker and LinuxKit do: what stands before the first `/` is a registry if it has a dot, a port or
 * a capital or is `localhost`; without one it is Docker Hub, whose own images are under `library`.
 */
export const parseRegistryReference = (text: string): RegistryReference | undefined => {
  const parts = splitDigest(text);
  if (parts === undefined) return undefined;
  const slash = parts.rest.indexOf('/');
  const first = slash < 0 ? '' : parts.rest.slice(0, slash);
  const hosted = slash >= 0 && isHost(first);
  const written = hosted ? first : 'docker.io';
  const registry = written === 'index.docker.io' ? 'docker.io' : written;
  const path = hosted ? parts.rest.slice(slash + 1) : parts.rest;
  const colon = path.indexOf(':');
  const name = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? undefined : path.slice(colon + 1);
  const repository = registry === 'docker.io' && !name.includes('/') ? `library/${name}` : name;
  if (!HOST.test(registry) || !REPOSITORY.test(repository) || registry.length + repository.length > MAX_NAME)
    return undefined;
  if (tag !== undefined && !TAG.test(tag)) return undefined;
  return {
    type: 'registry',
    registry,
    repository,
    tag: tag ?? (parts.digest === undefined ? 'latest' : undefined),
    digest: parts.digest,
  };
};

export const formatRegistryReference = ({ registry, repository, tag, digest }: RegistryReference): string =>
  `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
