import type { Digest } from '@slipway/protocol';

/**
 * Where an image lies. Paths may be relative to a base folder.
 *
 * `oci`: a folder with an OCI layout; `oci-archive`: a tar of one, gzip-compressed or not; `docker-archive`: what
 * `docker save` writes, with a tag of the form NAME:TAG; `registry`: an OCI or Docker registry.
 */
export type ImageLocation =
  | {
      readonly type: 'oci' | 'oci-archive';
      readonly path: string;
      readonly tag: string | undefined;
      readonly digest: Digest | undefined;
    }
  | { readonly type: 'docker-archive'; readonly path: string; readonly tag: string | undefined }
  | RegistryLocation;

export type RegistryLocation = {
  readonly type: 'registry';
  /** host and port as written, such as `docker.io` or `localhost:5000` */
  readonly registry: string;
  readonly repository: string;
  /** neither tag nor digest: `latest`; both: the digest is taken, the tag is a remark for readers */
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
};

export const DEFAULT_TAG = 'latest';

export const formatLocation = (location: ImageLocation): string => {
  const tag = location.tag === undefined ? '' : `:${location.tag}`;
  if (location.type === 'docker-archive') return `docker-archive:${location.path}${tag}`;
  const digest = location.digest === undefined ? '' : `@${location.digest}`;
  if (location.type !== 'registry') return `${location.type}:${location.path}${tag}${digest}`;
  const shown = tag === '' && digest === '' ? `:${DEFAULT_TAG}` : tag;
  return `${location.registry}/${location.repository}${shown}${digest}`;
};
