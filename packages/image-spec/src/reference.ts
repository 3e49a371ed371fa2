import { SlipwayError } from '@slipway/protocol';
import { posix } from 'node:path';

/**
 * Where a component comes from. `oci:PATH[:TAG]` is an OCI layout on disk, `deb:NAME` a package set that the image
 * file declares under `packages`.
 */
export type Reference =
  | { readonly type: 'oci'; readonly path: string; readonly tag: string | undefined }
  | { readonly type: 'deb'; readonly name: string };

/** @throws {SlipwayError} COMPONENT_REF_INVALID */
export const parseReference = (text: string): Reference => {
  const deb = /^deb:([a-z0-9][a-z0-9-]*)$/.exec(text);
  if (deb?.[1] !== undefined) return { type: 'deb', name: deb[1] };
  const oci = /^oci:([^:\0\s]+)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$/.exec(text);
  if (oci?.[1] !== undefined && !posix.isAbsolute(oci[1])) return { type: 'oci', path: oci[1], tag: oci[2] };
  throw new SlipwayError(
    'COMPONENT_REF_INVALID',
    `component reference ${JSON.stringify(text)}: expected oci:PATH[:TAG] with a path relative to the image file, ` +
      `or deb:NAME with a name under packages; references to a registry are not supported yet`,
    { details: { reference: text } },
  );
};

export const formatReference = (reference: Reference): string =>
  reference.type === 'deb'
    ? `deb:${reference.name}`
    : `oci:${reference.path}${reference.tag === undefined ? '' : `:${reference.tag}`}`;

/**
 * Rewrites a path that is relative to a file of the image repository to one relative to the repository itself.
 *
 * @returns undefined if the path would leave the repository
 */
export const inRepository = (fileName: string, path: string): string | undefined => {
  if (posix.isAbsolute(path) || path.includes('\0')) return undefined;
  const joined = posix.join(posix.dirname(fileName), path);
  return joined === '..' || joined.startsWith('../') ? undefined : joined;
};
