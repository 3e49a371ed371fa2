import type { Distro } from './found-package.ts';

/** Everything but what the specification leaves plain: letters, digits, `.`, `-`, `_`, `~` and `:`. */
export const encodeName = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const path = (text: string): string => text.split('/').map(encodeName).join('/');

const versioned = (purl: string, version: string): string =>
  version === '' ? purl : `${purl}@${encodeName(version)}`;

const distroOf = ({ id, versionId }: Distro): string => (versionId === undefined ? id : `${id}-${versionId}`);

type Packaged = {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly distro?: Distro | undefined;
};

/** `distro` only where it is known: `apt` packages of another archive carry none. */
const packaged = (type: string, vendor: string, { name, version, arch, distro }: Packaged): string =>
  `${versioned(`pkg:${type}/${encodeName(distro?.id ?? vendor)}/${encodeName(name)}`, version)}?arch=${encodeName(arch)}${
    distro === undefined ? '' : `&distro=${encodeName(distroOf(distro))}`
  }`;

/** `pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13` */
export const debPurl = (item: Packaged): string => packaged('deb', 'debian', item);

/** `pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3` */
export const apkPurl = (item: Packaged): string => packaged('apk', 'alpine', item);

/** `pkg:npm/%40scope/name@1.0.0` */
export const npmPurl = (name: string, version: string): string => versioned(`pkg:npm/${path(name)}`, version);

/** `pkg:golang/golang.org/x/net@v0.30.0`; the specification wants lower case, whatever case the module has */
export const golangPurl = (name: string, version: string): string =>
  versioned(`pkg:golang/${path(name.toLowerCase())}`, version);

/**
 * `pkg:oci/runc@sha256:…?repository_url=docker.io/linuxkit/runc&tag=v1`
 *
 * @param repository with its registry; absent for an image that lies on disk
 */
export const ociPurl = (image: {
  readonly name: string;
  readonly digest: string;
  readonly repository?: string | undefined;
  readonly tag?: string | undefined;
}): string => {
  const qualifiers = [
    image.repository === undefined ? undefined : `repository_url=${path(image.repository)}`,
    image.tag === undefined ? undefined : `tag=${encodeName(image.tag)}`,
  ].filter((qualifier) => qualifier !== undefined);
  const name = image.name.split('/').at(-1)?.toLowerCase() ?? '';
  return `pkg:oci/${encodeName(name)}@${encodeName(image.digest)}${qualifiers.length === 0 ? '' : `?${qualifiers.join('&')}`}`;
};
