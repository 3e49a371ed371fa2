import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { indexRelease, releasesToIndex, type Database } from '@slipway/fleet';
import {
  codeOf,
  SBOM_NAME,
  SlipwayError,
  type Artifact,
  type BuildId,
  type ReleasePackage,
} from '@slipway/protocol';
import { parseSbom } from '@slipway/sbom';
import type { Logger } from 'pino';
import type { ArtifactStore } from './artifact-store.ts';

/** What is in releases, by the lists that were built with them. It is a record: where it fails, all else goes on. */
export type ReleaseContents = {
  /** @returns undefined where there is no list that can be read; that is in the log */
  readonly read: (
    build: BuildId,
    artifacts: readonly Omit<Artifact, 'format'>[],
  ) => Promise<readonly ReleasePackage[] | undefined>;
  /** stops looking at releases of before; what is left is looked at by the next start */
  readonly close: () => Promise<void>;
};

/** The list of an image with ten thousand packages has a tenth of it. */
const MAX_SBOM_BYTES = 64 * 1024 * 1024;
/** Of each text of a package, in bytes: all of them fit into an entry of an index. No package has a longer one. */
const MAX_TEXT_BYTES = 400;

/**
 * Opens it, and looks in the background at releases that were made before there was an index, by another server, or put
 * back with an old backup.
 */
export const openReleaseContents = (
  db: Database,
  store: Pick<ArtifactStore, 'artifactPath'>,
  logger: Logger,
): ReleaseContents => {
  const read: ReleaseContents['read'] = async (build, artifacts) => {
    const artifact = artifacts.find(({ name }) => name === SBOM_NAME);
    // A worker of before makes none.
    if (artifact === undefined) return undefined;
    try {
      if (artifact.size > MAX_SBOM_BYTES)
        throw new SlipwayError(
          'SBOM_INVALID',
          `expected at most ${MAX_SBOM_BYTES} bytes, found ${artifact.size}`,
        );
      const bytes = await readFile(store.artifactPath(build, SBOM_NAME));
      // It is what the signer has compared with the bundle.
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      if (digest !== artifact.digest)
        throw new SlipwayError('SBOM_INVALID', `expected ${artifact.digest}, found ${digest}`);
      const all = packagesOf(bytes);
      const fitting = all.filter(fits);
      if (fitting.length < all.length)
        logger.warn(
          { build, count: all.length - fitting.length },
          'packages with overlong names are left out',
        );
      return fitting;
    } catch (error) {
      logger.warn({ build, code: codeOf(error), err: error }, 'what is in a release is not known');
      return undefined;
    }
  };

  let closed = false;
  const catchUp = async (): Promise<void> => {
    let count = 0;
    for (const { release, build, artifacts } of await releasesToIndex(db)) {
      if (closed) break;
      const found = await read(build, artifacts);
      if (found !== undefined && (await indexRelease(db, release, found))) count += 1;
    }
    if (count > 0) logger.info({ count }, 'releases of before are looked into');
  };
  const caughtUp = catchUp().catch((error: unknown) => {
    logger.warn({ err: error }, 'releases of before were not looked into');
  });
  return {
    read,
    close: async () => {
      closed = true;
      await caughtUp;
    },
  };
};

const packagesOf = (bytes: Uint8Array): ReleasePackage[] =>
  parseSbom(bytes).components.flatMap((component) =>
    component.packages.map(({ type, name, version, source }) => ({
      type,
      name,
      version,
      source: { name: source?.name ?? name, version: source?.version ?? version },
    })),
  );

const fits = ({ name, version, source }: ReleasePackage): boolean =>
  [name, version, source.name, source.version].every((text) => Buffer.byteLength(text) <= MAX_TEXT_BYTES);
