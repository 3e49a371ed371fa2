import { SlipwayError, type Arch } from '@slipway/protocol';
import { createHash } from 'node:crypto';
import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../lock.ts';
import { runTool } from '../run-tool.ts';
import { writeAtomically } from '../write-atomically.ts';
import { debianSources, type Mirror } from './sources.ts';

/** Package lists younger than this are used as they are. */
const LISTS_FRESH_MS = 6 * 3600 * 1000;

/** An apt of our own: nothing of it is shared with the packages installed on this machine. */
export type AptRoot = {
  readonly arch: Arch;
  readonly configFile: string;
  /** when the package lists were fetched, ms; part of the key of what was resolved with them */
  readonly listsAt: number;
  readonly directory: string;
};

/** What this machine needs to reach the network, such as a proxy, holds for ours too. */
const networkSettings = async (): Promise<string> => {
  const dump = (await runTool('apt-config', ['dump', 'Acquire'], { package: 'apt' })).toString();
  return dump
    .split('\n')
    .filter((line) => /^Acquire::(?:https?::|Retries|ForceIPv|Check-|Max-)/i.test(line))
    .join('\n');
};

const config = (directory: string, arch: Arch, network: string): string => `\
${network}
Dir "${directory}";
Dir::Etc "etc";
Dir::Etc::main "apt.conf";
Dir::Etc::parts "empty";
Dir::Etc::sourcelist "sources.list";
Dir::Etc::sourceparts "sources";
Dir::Etc::preferences "preferences";
Dir::Etc::preferencesparts "empty";
Dir::Etc::trusted "trusted.gpg";
Dir::Etc::trustedparts "empty";
Dir::State "state";
Dir::State::status "${directory}/status";
Dir::Cache "cache";
Dir::Log "log";
APT::Architecture "${arch}";
APT::Architectures { "${arch}"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Retries::Delay::Maximum "2";
`;

const fetchedAt = async (stamp: string): Promise<number | undefined> =>
  (await stat(stamp).catch(() => undefined))?.mtimeMs;

/**
 * Makes an apt root for an architecture and sees to it that its package lists are there and fresh. Without network,
 * older lists are used and the log says so.
 *
 * @throws {SlipwayError} PACKAGE_FETCH_FAILED if there are no lists and none can be fetched
 */
export const openAptRoot = async (
  arch: Arch,
  cacheDir: string,
  log: (line: string) => void,
  mirror?: Mirror,
): Promise<AptRoot> => {
  const sources = await debianSources(mirror);
  const key = createHash('sha256')
    .update(sources + config('', arch, ''))
    .digest('hex')
    .slice(0, 12);
  const directory = join(cacheDir, 'apt', `${key}-${arch}`);
  const configFile = join(directory, 'apt.conf');
  const stamp = join(directory, 'lists-fetched');
  const open = (listsAt: number): AptRoot => ({ arch, configFile, listsAt, directory });
  const isFresh = (at: number | undefined): at is number =>
    at !== undefined && Date.now() - at < LISTS_FRESH_MS;

  const before = await fetchedAt(stamp);
  if (isFresh(before)) return open(before);
  return withLock(join(cacheDir, 'locks', `apt-${key}-${arch}`), async () => {
    const meanwhile = await fetchedAt(stamp);
    if (isFresh(meanwhile)) return open(meanwhile);
    for (const part of ['etc/empty', 'etc/sources', 'state/lists/partial', 'cache/archives/partial', 'log'])
      await mkdir(join(directory, part), { recursive: true });
    await writeFile(join(directory, 'etc', 'sources', 'debian.sources'), sources);
    await writeFile(join(directory, 'status'), '');
    await writeFile(join(directory, 'etc', 'apt.conf'), '');
    await writeAtomically(configFile, config(directory, arch, await networkSettings()));
    log(`fetching Debian's package lists for ${arch}`);
    try {
      await runTool('apt-get', ['-q', '--error-on=any', 'update'], {
        package: 'apt',
        env: { APT_CONFIG: configFile },
        onErrorLine: log,
      });
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'TOOL_FAILED') throw error;
      if (meanwhile !== undefined) {
        log(`package lists cannot be fetched; using those of ${new Date(meanwhile).toISOString()}`);
        return open(meanwhile);
      }
      throw new SlipwayError(
        'PACKAGE_FETCH_FAILED',
        `Debian's package lists for ${arch} cannot be fetched, and there are none from before; ` +
          `check the network and the mirror:\n${error.message}`,
        { cause: error, details: { arch } },
      );
    }
    await writeFile(stamp, '');
    const now = new Date();
    await utimes(stamp, now, now);
    return open((await fetchedAt(stamp)) ?? now.getTime());
  });
};
