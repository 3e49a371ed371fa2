import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MANIFEST_NAME, UKI_NAME } from '@slipway/protocol';

const run = promisify(execFile);

/**
 * What a tar is: an update bundle, a container image as an OCI layout or as `docker save` and its like write it, or the
 * files of an image.
 */
export type TarKind = 'bundle' | 'oci-archive' | 'docker-archive' | 'tar';

/** Layers as `docker save` has called them over the years, and podman and skopeo do. */
const LAYER = /^(?:[^/]+\.tar|[^/]+\/layer\.tar|blobs\/.+)$/;

const MAX_LIST_BYTES = 64 * 1024 * 1024;

/** Of an archive that is damaged, those before the damage: whoever reads it tells what is wrong. */
const namesIn = async (archive: string): Promise<string[]> => {
  const stdout = await run('tar', ['--list', '--file', archive], { maxBuffer: MAX_LIST_BYTES }).then(
    (listed) => listed.stdout,
    (error: unknown) => (error instanceof Error && 'stdout' in error ? String(error.stdout) : ''),
  );
  return stdout.split('\n').map((name) => name.replace(/^(?:\.?\/)+/, ''));
};

/** By all of its names: containers may begin with any of theirs. A bundle begins with its manifest. */
export const tarKind = async (archive: string, first: string): Promise<TarKind> => {
  const names = await namesIn(archive);
  if (names.includes('oci-layout')) return 'oci-archive';
  if (!names.includes(MANIFEST_NAME)) return 'tar';
  if (names.includes(UKI_NAME)) return 'bundle';
  if (names.some((name) => LAYER.test(name))) return 'docker-archive';
  return first === MANIFEST_NAME ? 'bundle' : 'tar';
};
