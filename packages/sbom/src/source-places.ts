import type { FoundPackage } from './found-package.ts';

type Sourced = Pick<FoundPackage, 'type' | 'name' | 'version' | 'purl' | 'source'>;

/** Upper-case letters in module paths and versions, as Go's proxy wants them: `!a`. */
const goEscape = (text: string): string => text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);

const namespaceOf = (purl: string): string => /^pkg:[a-z]+\/([^/@?]+)\/[^@?]/.exec(purl)?.[1] ?? '';

const semantic = /^v?\d+\.\d+\.\d+/;

/** Where the projects publish the source of their packages: the only place that names these hosts. */
const PLACES: Readonly<Record<FoundPackage['type'], (item: Sourced) => string | undefined>> = {
  deb: ({ name, version, source = { name, version }, purl }) =>
    namespaceOf(purl) === 'ubuntu'
      ? `https://launchpad.net/ubuntu/+source/${encodeURIComponent(source.name)}/${encodeURIComponent(source.version)}`
      : `https://snapshot.debian.org/package/${encodeURIComponent(source.name)}/${encodeURIComponent(source.version)}/`,
  apk: ({ name, source }) =>
    source?.commit === undefined
      ? `https://pkgs.alpinelinux.org/packages?name=${encodeURIComponent(source?.name ?? name)}`
      : `https://git.alpinelinux.org/aports/commit/?id=${source.commit}`,
  npm: ({ name, version }) =>
    `https://registry.npmjs.org/${name}/-/${name.slice(name.indexOf('/') + 1)}-${encodeURIComponent(version)}.tgz`,
  golang: ({ name, version }) => {
    if (name === 'stdlib') return `https://go.dev/dl/go${encodeURIComponent(version)}.src.tar.gz`;
    return semantic.test(version) && !version.includes('+dirty')
      ? `https://proxy.golang.org/${goEscape(name)}/@v/${goEscape(version)}.zip`
      : undefined;
  },
  generic: ({ name, version }) => {
    const release = /^((\d+)\.\d+(?:\.\d+)?)/.exec(version);
    return name === 'linux' && release?.[1] !== undefined
      ? `https://cdn.kernel.org/pub/linux/kernel/v${release[2]}.x/linux-${release[1]}.tar.xz`
      : undefined;
  },
  oci: () => undefined,
};

/** Where the source of a package is published; nothing where nobody knows. */
export const sourcePlace = (item: Sourced): string | undefined => PLACES[item.type](item);
