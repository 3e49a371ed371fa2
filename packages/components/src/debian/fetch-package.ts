import { SlipwayError } from '@slipway/protocol';
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { markUsed } from '../cache/mark-used.ts';
import { withLock } from '../lock.ts';
import { runTool } from '../run-tool.ts';
import { openDownloads, type AptConfig } from './apt-config.ts';
import type { DebPackage } from './resolve-packages.ts';

export type FetchOptions = {
  readonly cacheDir: string;
  readonly log: (line: string) => void;
  readonly offline?: boolean | undefined;
};

/** Fetches packages one by one or side by side; what it needs of apt is set up with the first download. */
export type PackageFetcher = FetchOptions & { readonly downloads: () => Promise<AptConfig> };

export const createFetcher = (options: FetchOptions): PackageFetcher => {
  let opened: Promise<AptConfig> | undefined;
  return { ...options, downloads: () => (opened ??= openDownloads(options.cacheDir)) };
};

const hexOf = ({ digest }: DebPackage): string => digest.slice('sha256:'.length);

export const debPath = (cacheDir: string, item: DebPackage): string =>
  join(cacheDir, 'debs', `${hexOf(item)}.deb`);

/** @returns undefined if there is no such file */
const digestOfFile = async (path: string): Promise<string | undefined> => {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return `sha256:${hash.digest('hex')}`;
};

const nameOf = ({ name, version, arch }: DebPackage): string => `package ${name} ${version} (${arch})`;

/** apt's own download program: it knows this machine's proxies, and checks the digest as it writes. */
const download = async (
  item: DebPackage,
  { directory, configFile }: AptConfig,
  target: string,
): Promise<void> => {
  const scratch = await mkdtemp(join(directory, 'cache', 'fetch-'));
  const faults: string[] = [];
  try {
    for (const [index, url] of [item.url, ...(item.mirrors ?? [])].entries()) {
      const file = join(scratch, `${index}.deb`);
      // For a `file:` URI it would make a symlink.
      const from = url.replace(/^file:/, 'copy:');
      try {
        await runTool(
          '/usr/lib/apt/apt-helper',
          ['-q', 'download-file', from, file, `SHA256:${hexOf(item)}`],
          {
            package: 'apt',
            env: { APT_CONFIG: configFile },
            cwd: scratch,
          },
        );
        const digest = await digestOfFile(file);
        if (digest === item.digest) return await rename(file, target);
        faults.push(`${url}: found ${digest ?? 'nothing'}`);
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== 'TOOL_FAILED') throw error;
        faults.push(`${url}: ${String(error.details['output']).trim()}`);
      }
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  throw new SlipwayError(
    'PACKAGE_FETCH_FAILED',
    `${nameOf(item)}: expected ${item.digest} from one of its URLs; check the network and the mirror, or run slipway lock --update if the archive no longer has it:\n${faults.join('\n')}`,
    { details: { package: item.name, version: item.version, arch: item.arch, url: item.url } },
  );
};

/**
 * Sees to it that a package lies in the cache, under its digest and with those bytes.
 *
 * @returns its path
 * @throws {SlipwayError} PACKAGE_FETCH_FAILED, COMPONENT_OFFLINE
 */
export const fetchPackage = async (
  item: DebPackage,
  { cacheDir, log, offline, downloads }: PackageFetcher,
): Promise<string> => {
  const target = debPath(cacheDir, item);
  if ((await digestOfFile(target)) === item.digest && (await markUsed(target))) return target;
  if (offline === true)
    throw new SlipwayError(
      'COMPONENT_OFFLINE',
      `${nameOf(item)} is not in the cache and the network may not be used; run once without --offline, or put the file at ${item.url} there as ${target}`,
      { details: { package: item.name, version: item.version, arch: item.arch, url: item.url } },
    );
  await mkdir(join(cacheDir, 'debs'), { recursive: true });
  await withLock(join(cacheDir, 'locks', `deb-${hexOf(item)}`), async () => {
    if ((await digestOfFile(target)) === item.digest) return;
    log(`downloading ${item.name} ${item.version} (${Math.ceil(item.size / 1024)} KiB)`);
    await download(item, await downloads(), target);
  });
  return target;
};
