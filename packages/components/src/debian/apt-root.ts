import { ARCHITECTURES, SlipwayError, type Arch } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../lock.ts';
import { runTool } from '../run-tool.ts';
import { writeAtomically } from '../write-atomically.ts';
import { aptConfig, writeAptConfig, type AptConfig } from './apt-config.ts';
import { adoptLists, fetchedAt, IMPORTED, importedAt, lockOf, STAMP } from './imported-lists.ts';
import { readKeyrings, type Keyring } from './keyrings.ts';
import { formatSources, type AptSource } from './sources.ts';

/** Package lists younger than this are used as they are; those of a snapshot never change. */
const LISTS_FRESH_MS = 6 * 3600 * 1000;

/** An apt that knows the packages of some archives for one architecture. */
export type AptRoot = AptConfig & {
  readonly arch: Arch;
  readonly sources: readonly AptSource[];
  /** when the package lists were fetched, ms; part of the key of what was resolved with them */
  readonly listsAt: number;
};

export type OpenAptRoot = {
  readonly arch: Arch;
  readonly cacheDir: string;
  readonly sources: readonly AptSource[];
  readonly log: (line: string) => void;
  /** lists fetched earlier are fetched again, ms; absent: six hours ago */
  readonly listsSince?: number | undefined;
  readonly offline?: boolean | undefined;
};

/** What apt says in the C locale, on any of its releases, when a signature is missing or not by a key of the keyring. */
const SIGNATURE_FAULT =
  /is not signed|GPG error|NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|Missing key|signature verification|no valid signature/i;

const placesOf = (sources: readonly AptSource[]): string =>
  sources.map(({ uri, suites }) => `${uri} ${suites.join(' ')}`).join(', ');

const updateFailed = (error: SlipwayError, { arch, sources }: OpenAptRoot): SlipwayError => {
  const output = String(error.details['output']);
  const places = placesOf(sources);
  return SIGNATURE_FAULT.test(output)
    ? new SlipwayError(
        'PACKAGE_SIGNATURE_INVALID',
        `expected ${places} to be signed by a key of ${[...new Set(sources.map(({ keyring }) => keyring))].join(', ')}; apt found otherwise:\n${output.trim()}`,
        { cause: error, details: { arch, sources } },
      )
    : new SlipwayError(
        'PACKAGE_FETCH_FAILED',
        `the package lists of ${places} for ${arch} cannot be fetched, and there are none from before; ` +
          `check the network and the mirror:\n${output.trim()}`,
        { cause: error, details: { arch, sources } },
      );
};

const importFailed = (error: SlipwayError, options: OpenAptRoot): SlipwayError => {
  const { arch, sources } = options;
  const failure = updateFailed(error, options);
  return failure.code === 'PACKAGE_SIGNATURE_INVALID'
    ? failure
    : new SlipwayError(
        'CACHE_ARCHIVE_INVALID',
        `the package lists of ${placesOf(sources)} for ${arch} that were imported are not those that the archive signed; they were removed. Export the cache again, or build with the network:\n${String(error.details['output']).trim()}`,
        { cause: error, details: { arch, sources } },
      );
};

const writeKeyrings = async (directory: string, keyrings: Iterable<Keyring>): Promise<void> => {
  await mkdir(join(directory, 'keyrings'), { recursive: true });
  for (const { name, bytes } of keyrings) await writeAtomically(join(directory, 'keyrings', name), bytes);
};

/**
 * Makes an apt root for an architecture and sees to it that its package lists are there and fresh. Without network,
 * older lists are used and the log says so.
 *
 * @throws {SlipwayError} PACKAGE_SIGNATURE_INVALID, however old the lists; PACKAGE_FETCH_FAILED if there are no lists
 *   and none can be fetched; COMPONENT_OFFLINE if there are none and none may be fetched; CACHE_ARCHIVE_INVALID of lists
 *   that were imported
 */
export const openAptRoot = async (options: OpenAptRoot): Promise<AptRoot> => {
  const { arch, cacheDir, sources, log } = options;
  const keyrings = await readKeyrings(sources);
  const keyringIn =
    (directory: string) =>
    ({ keyring }: AptSource): string =>
      join(directory, 'keyrings', keyrings.get(keyring)?.name ?? '');
  const sourcesIn = (directory: string): string => formatSources(sources, keyringIn(directory));
  const key = createHash('sha256')
    .update(sourcesIn('') + aptConfig('', arch, ''))
    .digest('hex')
    .slice(0, 12);
  const name = `${key}-${ARCHITECTURES[arch].debian}`;
  const directory = join(cacheDir, 'apt', name);
  const configFile = join(directory, 'apt.conf');
  const lock = lockOf(cacheDir, name);
  const open = (listsAt: number): AptRoot => ({ arch, configFile, directory, sources, listsAt });
  const isPinned = sources.every(({ snapshot }) => snapshot !== undefined);
  // Of lists that come from the future nobody knows how old they are: a clock was wrong, or is.
  const isFresh = (at: number | undefined): at is number =>
    at !== undefined &&
    (isPinned || (at >= (options.listsSince ?? Date.now() - LISTS_FRESH_MS) && at <= Date.now()));

  const prepare = async (): Promise<void> => {
    await writeAptConfig(directory, arch);
    await writeKeyrings(directory, keyrings.values());
    await writeFile(join(directory, 'etc', 'sources', 'debian.sources'), sourcesIn(directory));
  };

  let before = await fetchedAt(directory);
  if (isFresh(before)) return open(before);
  const imported = await importedAt(directory);
  if (imported !== undefined && (before === undefined || imported > before || before > Date.now())) {
    await withLock(lock, async () => {
      await prepare();
      const lists = { directory, arch, sources, keyringOf: keyringIn(directory) };
      await adoptLists(lists, (error) => importFailed(error, options));
    });
    before = await fetchedAt(directory);
    if (isFresh(before)) return open(before);
  }
  if (options.offline === true) {
    if (before !== undefined) return open(before);
    throw new SlipwayError(
      'COMPONENT_OFFLINE',
      `there are no package lists of ${sources.map(({ uri }) => uri).join(', ')} for ${arch} in the cache, and the network may not be used; build from a lock file, or run once without --offline`,
      { details: { arch, uris: sources.map(({ uri }) => uri) } },
    );
  }
  return withLock(lock, async () => {
    const meanwhile = await fetchedAt(directory);
    if (meanwhile !== before && isFresh(meanwhile)) return open(meanwhile);
    await prepare();
    log(`fetching Debian's package lists for ${arch}`);
    try {
      await runTool('apt-get', ['-q', '--error-on=any', 'update'], {
        package: 'apt',
        env: { APT_CONFIG: configFile },
        onErrorLine: log,
      });
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'TOOL_FAILED') throw error;
      const failure = updateFailed(error, options);
      if (meanwhile === undefined || failure.code === 'PACKAGE_SIGNATURE_INVALID') throw failure;
      log(`package lists cannot be fetched; using those of ${new Date(meanwhile).toISOString()}`);
      return open(meanwhile);
    }
    const stamp = join(directory, STAMP);
    await writeFile(stamp, '');
    const now = new Date();
    await utimes(stamp, now, now);
    await rm(join(directory, IMPORTED), { recursive: true, force: true });
    return open((await fetchedAt(directory)) ?? now.getTime());
  });
};
