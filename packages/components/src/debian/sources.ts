import type { DebianSource } from '@slipway/image-spec';
import { SlipwayError } from '@slipway/protocol';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { atSnapshot, debianUri, needsSnapshot, snapshotFallback } from './snapshot.ts';

const KEYRING_DIRECTORY = '/usr/share/keyrings';

/** An archive as apt is told of it. */
export type AptSource = {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** an absolute path */
  readonly keyring: string;
  /** the archive never changes: it shows a moment that is past */
  readonly snapshot?: string;
  /** where packages are looked for that `uri` no longer has; may hold `${snapshot}` */
  readonly fallback?: string;
};

/** The keys of Debian's archive on this machine. */
export const archiveKeyring = async (): Promise<string> => {
  const names = await readdir(KEYRING_DIRECTORY).catch((): string[] => []);
  const name = ['debian-archive-keyring.pgp', 'debian-archive-keyring.gpg'].find((known) =>
    names.includes(known),
  );
  if (name === undefined)
    throw new SlipwayError(
      'TOOL_MISSING',
      `no key of Debian's archive under ${KEYRING_DIRECTORY}; install debian-archive-keyring`,
      { details: { package: 'debian-archive-keyring' } },
    );
  return join(KEYRING_DIRECTORY, name);
};

const placesOf = ({ suites, uri, snapshot }: DebianSource): Map<string, string[]> => {
  const places = new Map<string, string[]>();
  for (const suite of suites) {
    const place = uri ?? debianUri(suite, snapshot);
    places.set(place, [...(places.get(place) ?? []), suite]);
  }
  return places;
};

/**
 * The archives that an image file names.
 *
 * @param baseDir the image repository, which keyrings are relative to
 * @throws {SlipwayError} SPEC_INVALID if a URI asks for a snapshot and none is named
 */
export const declaredSources = async (
  declared: readonly DebianSource[],
  baseDir: string,
): Promise<AptSource[]> => {
  const sources: AptSource[] = [];
  for (const source of declared) {
    const { snapshot, components } = source;
    const keyring = source.keyring === undefined ? await archiveKeyring() : resolve(baseDir, source.keyring);
    for (const [place, suites] of placesOf(source)) {
      if (snapshot === undefined && needsSnapshot(place))
        throw new SlipwayError(
          'SPEC_INVALID',
          `debian: ${place} holds a place for a snapshot, and the source names none; add snapshot: 20261101T000000Z or the like`,
          { details: { uri: place } },
        );
      const uri = snapshot === undefined ? place : atSnapshot(place, snapshot);
      const fallback = source.fallback ?? snapshotFallback(uri);
      sources.push({
        uri,
        suites,
        components,
        keyring,
        ...(snapshot === undefined ? {} : { snapshot }),
        ...(fallback === undefined ? {} : { fallback }),
      });
    }
  }
  return sources;
};

/**
 * A `.sources` file for apt.
 *
 * @param keyringOf where the keys of a source lie for apt
 */
export const formatSources = (
  sources: readonly AptSource[],
  keyringOf: (source: AptSource) => string,
): string =>
  sources
    .map((source) =>
      [
        'Types: deb',
        `URIs: ${source.uri}`,
        `Suites: ${source.suites.join(' ')}`,
        `Components: ${source.components.join(' ')}`,
        `Signed-By: ${keyringOf(source)}`,
        // What a snapshot shows was valid then; it ages for as long as it is kept.
        ...(source.snapshot === undefined ? [] : ['Check-Valid-Until: no']),
        '',
      ].join('\n'),
    )
    .join('\n');
