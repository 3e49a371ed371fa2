import { SlipwayError, type Digest } from '@slipway/protocol';
import { posix } from 'node:path';
import { DOCKERFILE_NAME } from './dockerfile-build.ts';
import {
  formatRegistryReference,
  parseRegistryReference,
  splitDigest,
  TAG,
  type RegistryReference,
} from './registry-reference.ts';

/**
 * Where a component comes from.
 *
 * | Written | What it is |
 * |---|---|
 * | `oci:PATH[:TAG][@sha256:…]` | an OCI layout on disk |
 * | `oci-archive:PATH[:TAG][@sha256:…]` | the same as one tar file |
 * | `docker-archive:PATH[:NAME:TAG]` | what `docker save` writes |
 * | `deb:NAME` | a package set that the image file declares under `packages` |
 * | `dockerfile:NAME` | what a Dockerfile makes that the image file declares under `dockerfiles` |
 * | anything else | an image of a registry, short forms as in Docker |
 */
export type Reference =
  | {
      readonly type: 'oci' | 'oci-archive';
      readonly path: string;
      readonly tag: string | undefined;
      readonly digest: Digest | undefined;
    }
  | { readonly type: 'docker-archive'; readonly path: string; readonly tag: string | undefined }
  | RegistryReference
  | { readonly type: 'deb'; readonly name: string }
  | { readonly type: 'dockerfile'; readonly name: string };

/** Of a path there is no more to say than that it is one: a colon ends it, and white space is a slip of the pen. */
const PATH = /^[^:\0\s]+$/;

const layout = (type: 'oci' | 'oci-archive', text: string): Reference | undefined => {
  const parts = text.includes('@sha256:') ? splitDigest(text) : { rest: text, digest: undefined };
  if (parts === undefined) return undefined;
  const [path = '', tag, ...more] = parts.rest.split(':');
  if (!PATH.test(path) || (tag !== undefined && !TAG.test(tag)) || more.length > 0) return undefined;
  return { type, path, tag, digest: parts.digest };
};

const dockerArchive = (text: string): Reference | undefined => {
  const colon = text.indexOf(':');
  const path = colon < 0 ? text : text.slice(0, colon);
  const tag = colon < 0 ? undefined : text.slice(colon + 1);
  if (!PATH.test(path)) return undefined;
  if (
    tag !== undefined &&
    (!/:[^/]+$/.test(tag) || tag.includes('@') || parseRegistryReference(tag) === undefined)
  )
    return undefined;
  return { type: 'docker-archive', path, tag };
};

const parse = (text: string): Reference | undefined => {
  const colon = text.indexOf(':');
  const rest = text.slice(colon + 1);
  switch (colon < 0 ? '' : text.slice(0, colon)) {
    case 'deb':
      return /^[a-z0-9][a-z0-9-]*$/.test(rest) ? { type: 'deb', name: rest } : undefined;
    case 'dockerfile':
      return DOCKERFILE_NAME.test(rest) ? { type: 'dockerfile', name: rest } : undefined;
    case 'oci':
      return layout('oci', rest);
    case 'oci-archive':
      return layout('oci-archive', rest);
    case 'docker-archive':
      return dockerArchive(rest);
    default:
      return parseRegistryReference(text);
  }
};

/**
 * Paths are as written, which may be absolute or begin with `~/`: who reads references from outside decides what they may
 * name, as `parseImageFiles` does.
 *
 * @throws {SlipwayError} COMPONENT_REF_INVALID
 */
export const parseReference = (text: string): Reference => {
  const reference = parse(text);
  if (reference !== undefined) return reference;
  if (text.startsWith('@pkg:'))
    throw new SlipwayError(
      'COMPONENT_REF_INVALID',
      `component reference ${JSON.stringify(text)}: the source of a package cannot be built here; expected the name of ` +
        'the image that `linuxkit pkg show-tag` prints for it',
      { details: { reference: text } },
    );
  throw new SlipwayError(
    'COMPONENT_REF_INVALID',
    `component reference ${JSON.stringify(text)}: expected [REGISTRY/]NAME[:TAG][@sha256:…], oci:PATH[:TAG][@sha256:…], ` +
      'oci-archive:PATH[:TAG], docker-archive:PATH[:NAME:TAG], deb:NAME with a name under packages, or dockerfile:NAME with one under dockerfiles',
    { details: { reference: text } },
  );
};

/** The one way to write a reference: short forms of Docker are written out. */
export const formatReference = (reference: Reference): string => {
  switch (reference.type) {
    case 'deb':
    case 'dockerfile':
      return `${reference.type}:${reference.name}`;
    case 'registry':
      return formatRegistryReference(reference);
    case 'docker-archive':
      return `docker-archive:${reference.path}${reference.tag === undefined ? '' : `:${reference.tag}`}`;
    case 'oci':
    case 'oci-archive':
      return (
        `${reference.type}:${reference.path}${reference.tag === undefined ? '' : `:${reference.tag}`}` +
        (reference.digest === undefined ? '' : `@${reference.digest}`)
      );
    default:
      return reference satisfies never;
  }
};

/**
 * Rewrites a path that is relative to a file of the image repository to one relative to the repository itself.
 *
 * @returns undefined if the path would leave the repository
 */
export const inRepository = (fileName: string, path: string): string | undefined => {
  if (posix.isAbsolute(path) || path.startsWith('~/') || path.includes('\0')) return undefined;
  const joined = posix.join(posix.dirname(fileName), path);
  return joined === '..' || joined.startsWith('../') ? undefined : joined;
};
