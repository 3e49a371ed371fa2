import { REF_NAME } from '@slipway/oci';
import type { Content, Tree, TreeEntry } from '@slipway/components';
import { encodeGoJson } from './go-json.ts';
import type { Origin } from './generated.ts';

/** A blob by its hex digits: manifests, configurations and layers as they are stored. */
export type Blob = { readonly hex: string; readonly content: Content };

const LAYOUT = '{\n\t\t"imageLayoutVersion": "1.0.0"\n\t}';

/** What `index.json` points at: the index of the image, or manifests if it has none. */
export type LayoutRoot = { readonly mediaType: string; readonly size: number; readonly digest: string };

const plain = { uid: 0, gid: 0, mtime: 0, source: '' } as const;

/**
 * An image as an OCI layout, the way LinuxKit puts it into a volume of `format: oci`.
 *
 * @param name of the image
 * @param blobs of the roots themselves and of every platform that is wanted
 */
export const ociLayout = (name: string, roots: readonly LayoutRoot[], blobs: Iterable<Blob>): Tree => {
  const encoder = new TextEncoder();
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: roots.map(({ mediaType, size, digest }) => ({
      mediaType,
      size,
      digest,
      annotations: { [REF_NAME]: name },
    })),
  };
  // LinuxKit indents this one by three.
  const indexText = encodeGoJson(index).replace(/^(?: {4})+/gm, (spaces) => '   '.repeat(spaces.length / 4));
  const file = (path: string, content: Content): TreeEntry => ({
    ...plain,
    path,
    mode: 0o644,
    type: 'file',
    content,
  });
  const directory = (path: string): TreeEntry => ({ ...plain, path, mode: 0o755, type: 'directory' });
  const entries = [
    file('oci-layout', encoder.encode(LAYOUT)),
    directory('blobs'),
    directory('blobs/sha256'),
    ...[...blobs].map(({ hex, content }) => file(`blobs/sha256/${hex}`, content)),
    file('index.json', encoder.encode(indexText)),
  ];
  return new Map(entries.map((entry) => [entry.path, entry]));
};

/** The files of a layout below a directory, with the attributes that LinuxKit gives them: no time at all. */
export const layoutTree = (layout: Tree, options: Origin & { readonly prefix: string }): TreeEntry[] => {
  const { prefix, source, location } = options;
  return [...layout.values()].map((entry) => ({
    ...entry,
    uid: 0,
    gid: 0,
    mtime: 0,
    mode: entry.type === 'directory' ? 0o755 : 0o644,
    path: `${prefix}/${entry.path}`,
    source,
    location,
  }));
};
