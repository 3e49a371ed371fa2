import { readSignature } from '@slipway/bundle';
import { recordKeys, recordSigner, recordTrust, releasesWithoutSigner, type Database } from '@slipway/fleet';
import {
  Authority,
  codeOf,
  DEFAULT_PROFILE,
  DEFAULT_TENANT,
  type KeyPurpose,
  type Release,
  type SigningProfile,
} from '@slipway/protocol';
import { certificatesOfSignature, readCertificates, type CertificateFacts } from '@slipway/signing';
import type { Logger } from 'pino';
import type { ArtifactStore } from './artifact-store.ts';

/** Keeps record of what this instance signs with and is trusted by. It is a record: where it fails, all else goes on. */
export type KnownKeys = {
  /** what it was started with, as PEM, and of which signing profile */
  readonly noteOwn: (
    certificates: readonly (readonly [KeyPurpose, string, SigningProfile?])[],
  ) => Promise<void>;
  readonly noteSigner: (release: Pick<Release, 'id' | 'build' | 'signing' | 'createdAt'>) => Promise<void>;
  /** of releases where it is not known yet */
  readonly catchUp: () => Promise<void>;
};

/** The first of a file is worked with. Of the others that which ends later is made to take its place. */
const placeOf = (
  { notAfter }: CertificateFacts,
  at: number,
  first: CertificateFacts | undefined,
): 'current' | 'next' | 'outgoing' =>
  at === 0 ? 'current' : first !== undefined && notAfter > first.notAfter ? 'next' : 'outgoing';

export const openKnownKeys = (
  db: Database,
  store: Pick<ArtifactStore, 'bundlePath' | 'readRequest'>,
  logger: Logger,
): KnownKeys => {
  const certificatesOf = (purpose: KeyPurpose, pem: string, profile: SigningProfile) => {
    try {
      const found = readCertificates(pem);
      if (!Authority.safeParse(purpose).success)
        return found.map((facts) => ({ purpose, profile, ...facts }));
      return found.map((facts, at) => ({
        purpose,
        profile,
        ...facts,
        state: placeOf(facts, at, found[0]),
      }));
    } catch (error) {
      logger.warn({ purpose, code: codeOf(error), err: error }, 'a certificate cannot be read');
      return [];
    }
  };
  const noteSigner: KnownKeys['noteSigner'] = async (release) => {
    try {
      const chain = certificatesOfSignature(await readSignature(store.bundlePath(release.id)));
      await recordSigner(db, DEFAULT_TENANT, release, chain, new Date());
    } catch (error) {
      logger.warn(
        { release: release.id, code: codeOf(error), err: error },
        'who signed a release is not known',
      );
    }
    try {
      const { serverCa, releaseRoot } = (await store.readRequest(release.build)).deployment;
      const trusted = [releaseRoot, serverCa].flatMap((pem) => readCertificates(pem));
      await recordTrust(
        db,
        release.id,
        trusted.map(({ keySha256 }) => keySha256),
      );
    } catch (error) {
      logger.warn(
        { release: release.id, code: codeOf(error), err: error },
        'whom the image of a release trusts is not known',
      );
    }
  };
  return {
    noteOwn: async (certificates) => {
      const seen = certificates.flatMap(([purpose, pem, profile = DEFAULT_PROFILE]) =>
        certificatesOf(purpose, pem, profile),
      );
      const now = new Date();
      await recordKeys(db, DEFAULT_TENANT, seen, now, now).catch((error: unknown) => {
        logger.warn({ err: error }, 'what the server was started with was not recorded');
      });
    },
    noteSigner,
    catchUp: async () => {
      try {
        for (const release of await releasesWithoutSigner(db)) await noteSigner(release);
      } catch (error) {
        logger.warn({ err: error }, 'who signed earlier releases was not looked at');
      }
    },
  };
};
